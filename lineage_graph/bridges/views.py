"""What a `Lineage` can be turned into. models.py imports nothing of ours, so its table of views is filled here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineage_graph.models import Lineage

if TYPE_CHECKING:
    from lineage_graph.formats.csv import Rows

__all__ = ["Lineage"]


def _html(lineage: Lineage) -> str:
    from lineage_graph.formats import html

    return html.draw(lineage)


def _pandas(lineage: Lineage, rows: Rows) -> Any:
    from lineage_graph.bridges.pandas import to_pandas

    return to_pandas(lineage, rows)


def _networkx(lineage: Lineage) -> Any:
    from lineage_graph.bridges.networkx import to_networkx

    return to_networkx(lineage)


Lineage.views.update(html=_html, pandas=_pandas, networkx=_networkx)
