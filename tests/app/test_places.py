"""Where files are, for users with and without a home directory."""

from pathlib import Path

import pytest

from gauge_mqtt.app import places
from gauge_mqtt.app.setting_types import SettingsError
from gauge_mqtt.app.settings_loader import load


@pytest.fixture
def _homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and a number that no user database knows."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 54_321)


@pytest.mark.usefixtures("_homeless")
def test_without_a_home_directory_nothing_is_kept_unless_a_place_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.home() is None
    assert load({}, {}).settings.state_dir is None
    monkeypatch.setenv("XDG_STATE_HOME", "/var/lib")
    assert load({}, {}).settings.state_dir == Path("/var/lib/gauge-mqtt")


@pytest.mark.usefixtures("_homeless")
def test_without_a_home_directory_a_tilde_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"^state_dir = '~/x' .*no home directory"):
        load({"state_dir": "~/x"}, {})
    with pytest.raises(SettingsError, match=r"^config = '~/x': .*no home directory"):
        load({"config": "~/x"}, {})


def test_a_relative_xdg_directory_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert places.state_dir() == Path.home() / ".local/state/gauge-mqtt"
