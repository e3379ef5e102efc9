"""The errors that the owner of a publisher can put right, as one tree. Pure.

    GaugeError                the command line prints its words, never a traceback
    ├── SettingsError         app/setting_types.py: a setting cannot be used; exit code 2, all others 1
    ├── InstallError          app/claude_settings.py: Claude Code's settings.json is left as it is
    ├── ServiceError          app/service.py: no service of the user can be made here
    ├── ProgramError          sources/process.py: another program gave no answer
    ├── UsageError            sources/quota/command.py: Claude Code told no percentages when it was asked
    ├── CalibrationError      app/calibration.py: a certificate of it cannot be read or written
    ├── CcusageError          sources/ccusage/report.py: ccusage cannot be asked, or its answer cannot be used
    ├── PromError             sources/prometheus/api.py: the same of Prometheus
    ├── TapeError             sources/tape/tape.py: a tape cannot be read or written
    ├── DumpError             app/dump.py: a dump cannot be written
    ├── SeriesError           sources/logs/insights/series.py: the user's own number a day cannot be used
    ├── ReportError           app/insights.py: a flight report cannot be written
    ├── StoreError            sources/logs/insights/store.py: the counts of the insights cannot be kept
    └── MqttError             sinks/mqtt/words.py: no connection to the broker; its branches say how soon to try again

Every other exception that reaches the command line is a bug of ours, and shows its traceback.
"""


class GaugeError(Exception):
    """What is wrong, in words for the owner.

    `setting`: public name of the setting to look at first, such as `mqtt_url`; empty if none would help. `fix`: one
    thing to do where that is something else than to change this setting.
    """

    setting: str = ""
    fix: str = ""

    def __init__(self, words: str, *, setting: str | None = None, fix: str | None = None) -> None:
        super().__init__(words)
        self.setting = self.setting if setting is None else setting
        self.fix = self.fix if fix is None else fix
