"""Airbyte source connector for Hotmart."""

from source_hotmart.source import SourceHotmart

__all__ = ["SourceHotmart"]
