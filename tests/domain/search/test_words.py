"""Words: cut the same way wherever they stand, and near ones found by what deletions leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search.words import deletions, distance, edits_allowed, normalised, query_words, terms_of

letters = st.text("abcde", min_size=6, max_size=10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Wi-Fi 6E, 15.6"', "wi fi 6e 15.6"),
        ("  ÉCLAIR\tGroße ", "eclair grosse"),
        ("a_b/c\\d", "a b c d"),
        ("1.500,50.", "1.500,50"),
        ("...", ""),
        ("🦉 owl", "owl"),
    ],
)
def test_texts_are_cut_into_plain_words(text: str, expected: str) -> None:
    assert normalised(text) == expected


@given(st.text(max_size=300))
def test_no_character_with_a_meaning_survives(text: str) -> None:
    for word in query_words(text):
        assert all(character.isalnum() or character in ".," for character in word)
        assert word[0].isalnum()
        assert word[-1].isalnum()


def test_a_query_has_a_limited_number_of_words_each_once() -> None:
    assert query_words("b a b " * 20) == ["b", "a"]
    assert len(query_words(" ".join(str(number) for number in range(500)))) == 12


@given(letters, st.data())
def test_words_within_two_edits_share_what_deletions_leave(word: str, data: st.DataObject) -> None:
    other = word
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(other) - 1))
        letter = data.draw(st.sampled_from("abcde"))
        edit = data.draw(st.sampled_from(["insert", "replace", "delete"]))
        rest = other[place:] if edit == "insert" else other[place + 1 :]
        other = other[:place] + ("" if edit == "delete" else letter) + rest
    if len(other) >= 6:
        assert distance(word, other) <= 2
        assert deletions(word) & deletions(other)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("lamp", "lamp", 0), ("lamp", "lmap", 1), ("lamp", "clamp", 1), ("lamp", "limb", 2), ("", "abc", 3)],
)
def test_the_distance_counts_edits_and_swaps(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == distance(other, one) == edits


def test_short_words_are_not_corrected() -> None:
    assert [edits_allowed(word) for word in ("tv", "lam", "lamp", "lantern")] == [0, 0, 1, 2]


def test_terms_are_words_of_letters() -> None:
    assert terms_of("Fjord 240 desk-lamp", "Ember & Oak") == ["desk", "ember", "fjord", "lamp", "oak"]
