"""What states are called."""

from catalog.agreement import AgreementState
from catalog.price_list import PriceListState
from core.state import state_name


def test_a_state_bends_after_what_it_is_said_of() -> None:
    assert str(state_name(AgreementState.PUBLISHED)) == "publicerat"
    assert str(state_name(PriceListState.PUBLISHED)) == "publicerad"
