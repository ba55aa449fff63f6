"""Settings from the environment: what is taken, and what stops the start."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.config import SettingError, read_settings


def hosts(text: str, folder: Path) -> tuple[str, ...]:
    return read_settings({"AVROP_DATA_DIR": str(folder), "AVROP_PICTURE_HOSTS": text}).picture_hosts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" , ", ()),
        ("img.example.se", ("img.example.se",)),
        (
            " Img.Example.se,*.example.com , cdn.example:8443,img.example.se",
            ("img.example.se", "*.example.com", "cdn.example:8443"),
        ),
        ("xn--rksmrgs-5wao1o.example", ("xn--rksmrgs-5wao1o.example",)),
    ],
)
def test_hosts_of_pictures_are_names(text: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    assert hosts(text, tmp_path) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "*",
            "*.com",
            "*.*.example.com",
            "img.*.se",
            "https://img.example.se",
            "img.example.se/bilder",
            "a b",
            "[::1]",
        ),
        *(
            "img_1.example.se",
            "-img.example.se",
            "user@img.example.se",
            "img.example.se:0",
            "img.example.se:x",
            "[::1]",
        ),
    ],
)
def test_what_is_no_host_stops_the_start(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="AVROP_PICTURE_HOSTS"):
        hosts(f"img.example.se,{text}", tmp_path)


def test_the_key_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    """Pages and worker start at the same moment on a new machine: both must sign with one key."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_settings({"AVROP_DATA_DIR": str(tmp_path)}).secret_key, range(8)))
    assert len(keys) == 1 and len(keys.pop()) >= 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


@pytest.mark.parametrize("kept", ["", "short\n"])
def test_a_key_file_that_was_not_written_whole_stops_the_start(kept: str, tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text(kept)
    with pytest.raises(SettingError, match="AVROP_SECRET_KEY"):
        read_settings({"AVROP_DATA_DIR": str(tmp_path)})
