"""What departments are told stays small, whatever was written into a case."""

import json

from hypothesis import given
from hypothesis import strategies as st

from cases.message import LONGEST, encoded

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXT, st.integers(1, 60))
def test_every_message_is_json_of_at_most_20_kb(text, times):
    told = {"type": "case.dispatched", "data": {"number": "1", "summary": text[:200], "text": text * times}}

    body = encoded(told)

    assert len(body) <= LONGEST
    read = json.loads(body)["data"]
    assert (text * times).startswith(read["text"])
    assert read.get("text_cut", False) == (read["text"] != text * times)


@given(TEXT)
def test_a_text_that_fits_is_not_cut(text):
    told = {"type": "case.dispatched", "data": {"text": text}}

    assert json.loads(encoded(told)) == told
