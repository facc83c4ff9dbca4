"""What stands in a text is found in it, however it was typed; what pairs promise, the exact comparison keeps."""

from hypothesis import given
from hypothesis import strategies as st

from cases.search_words import MOST_TERMS, fold, pairs, terms, ways

TEXTS = st.text("路灯不亮十二号建设百aB1２ ，。\n三", min_size=1, max_size=20)


@given(TEXTS, st.data())
def test_every_piece_of_a_text_is_found_in_it(text, data):
    first = data.draw(st.integers(0, len(text) - 1))
    piece = text[first : data.draw(st.integers(first + 1, len(text)))]

    for term in terms(piece):
        assert any(way in fold(text) for way in ways(term)), (text, piece, term)


@given(TEXTS, TEXTS)
def test_what_is_contained_has_its_pairs_in_the_index(text, other):
    for way in (way for term in terms(text) for way in ways(term)):
        assert set(pairs(way)) <= set(pairs(fold(f"{other}{way}{other}")))


def test_width_case_and_punctuation_make_no_difference():
    assert fold("Ａ座１２号，路灯！") == fold("a座12号 路灯")
    assert terms(" 路灯,不亮 路灯。") == ["路灯", "不亮"]
    assert len(terms(" ".join(map(chr, range(0x4E00, 0x4E20))))) == MOST_TERMS


def test_a_spoken_number_is_kept_as_said_and_as_written():
    assert fold("人民路十二号") == "人民路十二号\n人民路12号"
    assert ways("十二号") == ["十二号", "12号"]
