"""What states are called."""

from catalog.agreement import AgreementState
from catalog.price_list import PriceListState
from core.db import TransactionalFlask
from core.language import speaking
from core.state import state_name


def test_a_state_bends_after_what_it_is_said_of() -> None:
    assert str(state_name(AgreementState.PUBLISHED)) == "publicerat"
    assert str(state_name(PriceListState.PUBLISHED)) == "publicerad"


def test_templates_say_the_state_of_the_very_thing_in_the_readers_language(app: TransactionalFlask) -> None:
    """Two states are equal where their texts are, and what is said of them is kept for the next row."""
    template = app.jinja_env.from_string("{{ state_name(agreement) }} {{ state_name(price_list) }}")
    states = {"agreement": AgreementState.PUBLISHED, "price_list": PriceListState.PUBLISHED}
    with app.test_request_context("/"):
        assert template.render(states) == "publicerat publicerad"
        with speaking("en"):
            assert template.render(states) == "published published"
