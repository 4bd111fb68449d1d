"""The source: the connection check, and streams with their cursors, which share a queue, a budget and a token."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteStateMessage,
    AirbyteStreamStatus,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    Status,
    StreamDescriptor,
    SyncMode,
)
from airbyte_cdk.sources.concurrent_source.concurrent_source_adapter import ConcurrentSourceAdapter
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.utils.stream_status_utils import as_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.api.errors import HotmartError
from source_hotmart.api.pages import DEFAULT_LIMITS, Limits
from source_hotmart.api.rate_limit import CallBudget
from source_hotmart.api.retries import DEFAULT_RETRIES, RetryPolicy
from source_hotmart.api.transport import Connections
from source_hotmart.catalog import (
    CLASSES,
    not_offered,
    offered_classes,
    parents_first,
    per_parent_streams,
    warn_full_refresh,
)
from source_hotmart.check import check_access
from source_hotmart.command import inputs
from source_hotmart.command.state_file import read_states
from source_hotmart.config.form import Config, clean
from source_hotmart.state.cursors import RefusedStateCursor, SliceCursor, bad_state
from source_hotmart.state.intervals import UnreadableState
from source_hotmart.state.windows import iso
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from source_hotmart.sync.batches import OrderedRepository
from source_hotmart.sync.engine import BatchingSource, concurrent
from source_hotmart.sync.progress import Progress
from source_hotmart.sync.report import SyncReport

LOGGER = logging.getLogger("airbyte")

LOGGED_SKEW_S = 2
"""Smaller differences are not logged, because the header has whole seconds."""


class SourceHotmart(ConcurrentSourceAdapter):
    """Reads the streams of a Hotmart account in parallel."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, retries: RetryPolicy = DEFAULT_RETRIES) -> None:
        self._limits = limits
        self._retries = retries
        self._catalog: ConfiguredAirbyteCatalog | None = None
        self._state: list[AirbyteStateMessage] | None = None
        self._report = SyncReport()
        self._progress = Progress()
        self._connections = Connections()
        self._engine = BatchingSource()
        super().__init__(self._engine)

    @property
    def raise_exception_on_missing_stream(self) -> bool:
        """Fail if a configured stream is not offered. The CDK's default is to succeed without it."""
        return True

    @property
    def message_repository(self) -> OrderedRepository:
        return self._engine.repository

    read_config = staticmethod(inputs.read_settings)
    read_catalog = staticmethod(inputs.read_catalog)

    @classmethod
    def read_state(cls, state_path: str | None) -> list[AirbyteStateMessage]:
        """Return the last state of each stream in a file, none without a file. Raise a config_error if invalid."""
        return read_states(state_path, CLASSES) if state_path else []

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Clean the configuration of what pasting adds. It is validated later, where an error prints no traceback."""
        return clean(config)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Return whether the account can be read, with a message that says what to do if not."""
        accepted, sentence = self.check_connection(logger, config)
        return AirbyteConnectionStatus(
            status=Status.SUCCEEDED if accepted else Status.FAILED,
            message=str(sentence) if sentence else None,
        )

    def check_connection(self, logger: logging.Logger, config: Mapping[str, Any]) -> tuple[bool, Any]:
        """Log in, and make one small request per family of endpoints."""
        return check_access(config)

    def streams(self, config: Mapping[str, Any]) -> list[Stream]:
        """Return the streams that the settings allow, with cursors. Raise a config_error for invalid settings."""
        parsed = Config.from_mapping(config)
        configured = {item.stream.name: item for item in self._catalog.streams} if self._catalog else {}
        self._report, budget = SyncReport(), CallBudget()
        offered = offered_classes(parsed.members_area_subdomain)
        selected = [name for name in configured if name in offered]
        self._progress = Progress(self.message_repository.emit_message, budget, selected)
        self._connections = Connections()
        authenticator = HotmartAuthenticator(parsed, self._retries, self._limits, connections=self._connections)
        now_ms = self._now_ms(parsed, authenticator)
        api = Api(
            parsed,
            authenticator,
            now_ms,
            budget,
            self._retries,
            self._limits,
            self._connections,
            report=self._report,
            progress=self._progress,
        )
        manager = ConnectorStateManager(state=self._state)
        made = [cls(api) for cls in offered.values()]
        for stream in made:
            api.parents.register_parent(stream, stream.incomplete_lists)
        cursors = {stream.name: self._cursor(stream, manager, configured.get(stream.name)) for stream in made}

        def write_due_states() -> None:
            for name in configured.keys() & cursors.keys():
                cursors[name].write_if_due(self.message_repository.emit_soon)

        self._progress.at_page = write_due_states
        return [self._wrap(stream, cursors[stream.name], stream.name in configured) for stream in made]

    def _now_ms(self, parsed: Config, authenticator: HotmartAuthenticator) -> int:
        """Return Hotmart's time, the end of all date ranges, because Hotmart rejects dates in the future."""
        if self._catalog is None:
            return authenticator.server_time_ms()
        try:
            authenticator.get_auth_header()
        except AirbyteTracedException:
            return authenticator.server_time_ms()  # each stream reports this failure itself
        if authenticator.server_time_ms() < parsed.start_ms:
            raise HotmartError(
                f"The time in Hotmart's login response is {iso(authenticator.server_time_ms())}, before the start "
                "date, so nothing can be read. Check any proxy between this machine and Hotmart, and try again."
            )
        skew_s = authenticator.login.clock_skew_ms / 1000
        if abs(skew_s) > LOGGED_SKEW_S:
            LOGGER.warning(
                "This machine's clock is %.0f seconds %s Hotmart's. This sync uses Hotmart's clock.",
                abs(skew_s),
                "ahead of" if skew_s > 0 else "behind",
            )
        return authenticator.server_time_ms()

    def _wrap(self, stream: HotmartStream, cursor: SliceCursor, is_configured: bool) -> Stream:
        # A cursor also disables the CDK's resumable full refresh, which reads one page at a time.
        stream.cursor = cursor  # type: ignore[assignment]
        if not is_configured:
            stream.progress = Progress()
        elif not stream.refused_state:
            stream.api.parents.register_selected(stream)
            stream.register()
        return concurrent(stream, cursor, stream.progress)

    def _cursor(
        self,
        stream: HotmartStream,
        manager: ConnectorStateManager,
        configured: ConfiguredAirbyteStream | None,
    ) -> SliceCursor:
        """Return the cursor of a stream. If its state cannot be used, mark the stream, so that its read fails."""
        name, repository = stream.name, self.message_repository
        resumes = configured is not None and configured.sync_mode == SyncMode.incremental and bool(stream.cursor_field)
        if not resumes:
            return SliceCursor(name, repository, stream.verdict)
        try:
            foreign = [key.namespace for key in manager.per_stream_states if key.name == name and key.namespace]
            if foreign:
                raise UnreadableState(f"it has the namespace {foreign[-1]!r}, and this stream has none")
            # Some platforms write an empty namespace, which means the same as none.
            saved = manager.get_stream_state(name, None) or manager.get_stream_state(name, "")
            return stream.resume(saved, repository)
        except UnreadableState as unusable:
            stream.refused_state = bad_state(name, str(unusable))
            return RefusedStateCursor(name, repository, stream.verdict)

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the configured streams. Report those that are not offered as failed, and read the others."""
        parsed = Config.from_mapping(config)
        self._catalog, self._state = catalog, state
        self._engine.begin(parsed.num_workers, per_parent_streams())
        offered = offered_classes(parsed.members_area_subdomain)
        missing = [item for item in catalog.streams if item.stream.name not in offered]
        warn_full_refresh(item for item in catalog.streams if item not in missing)
        for item in missing:
            yield as_airbyte_message(item.stream, AirbyteStreamStatus.INCOMPLETE)
            yield not_offered(item.stream.name).as_airbyte_message(StreamDescriptor(name=item.stream.name))
        known = ConfiguredAirbyteCatalog(streams=parents_first(item for item in catalog.streams if item not in missing))
        try:
            yield from super().read(logger, config, known, state)
        finally:
            self._progress.end()
            self._connections.close()
            self._report.log_summary()
        if missing:
            raise not_offered(*(item.stream.name for item in missing))
