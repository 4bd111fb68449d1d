"""Response bodies are read within limits, and only valid pages are accepted as pages.

The limits are real seconds, kept short. A real server sends slow bodies.
"""

from __future__ import annotations

import time
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_hotmart.api.decoding import UnexpectedBody, decode, error_code
from source_hotmart.api.pages import Envelope, Page


@pytest.mark.parametrize(
    ("body", "page"),
    [
        (b'{"items":[]}', Page([], None, None, has_page_info=False)),
        (b'{"items":[],"page_info":{}}', Page([], None, None)),
        (b'{"items":[],"page_info":null}', Page([], None, None, has_page_info=False)),
        (b'{"items":[],"page_info":[]}', Page([], None, None, has_page_info=False)),
        (b' \n{"items":[{"id":1}],"page_info":{"results_per_page":1}}\n', Page([{"id": 1}], None, None)),
        (b'{"items":[1,null]}', Page([1, None], None, None, has_page_info=False)),
        (b'{"items":[],"page_info":{"total_results":0}}', Page([], None, 0)),
        (b'{"items":[],"page_info":{"total_results":40,"next_page_token":"abc="}}', Page([], "abc=", 40)),
        (b'{"items":[],"page_info":{"next_page_token":null}}', Page([], None, None)),
        (b'{"items":[],"page_info":{"next_page_token":""}}', Page([], None, None)),
        (b'{"items":[],"page_info":{"total_results":"40"}}', Page([], None, None)),
        (b'{"items":[],"page_info":{"total_results":true}}', Page([], None, None)),
        (b'{"items":[],"page_info":{"total_results":1.5}}', Page([], None, None)),
        (b'{"items":[],"error":"still a page"}', Page([], None, None, has_page_info=False)),
    ],
)
def test_a_page_is_read_from_its_envelope(body, page):
    assert Envelope().open(body) == page


@pytest.mark.parametrize(
    ("body", "total"),
    [
        (b'{"page_info":{"total_results":0}}', 0),
        (b'{"page_info":{"total_results":0,"results_per_page":0,"next_page_token":null}}', 0),
        (b'{"page_info":{"total_results":0,"results_per_page":500}}', 0),
        (b'{"page_info":{"results_per_page":0}}', None),
        (b'{"page_info":{"total_results":null,"next_page_token":""}}', None),
        (b'{"page_info":{}}', None),
        (b'{"items":null,"page_info":{"total_results":0}}', 0),
    ],
)
def test_a_missing_list_is_empty_if_page_info_counts_no_rows(body, total):
    assert Envelope().open(body) == Page([], None, total)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"page_info":{"total_results":3}}', "an object without a list of 'items'"),
        (b'{"page_info":{"total_results":"3"}}', "an object without a list of 'items'"),
        (b'{"page_info":{"results_per_page":12}}', "an object without a list of 'items'"),
        (b'{"page_info":{"total_results":0,"next_page_token":"abc="}}', "an object without a list of 'items'"),
        (b'{"items":{},"page_info":{"total_results":0}}', "an object without a list of 'items'"),
        (b'{"page_info":null}', "an object without a list of 'items'"),
        (b'{"page_info":[]}', "an object without a list of 'items'"),
        (b'{"message":"x","page_info":{"total_results":0}}', "an object without a list of 'items'"),
        (b'{"error":"x","page_info":{"total_results":0}}', "an error object"),
    ],
)
def test_a_missing_list_is_rejected_beside_rows_or_errors(body, what):
    with pytest.raises(UnexpectedBody) as caught:
        Envelope().open(body)

    assert str(caught.value) == what


@pytest.mark.parametrize("envelope", [Envelope(rows=""), Envelope(rows="lessons", has_page_info=False)])
def test_a_missing_list_is_rejected_for_endpoints_without_page_info(envelope):
    with pytest.raises(UnexpectedBody):
        envelope.open(b'{"page_info":{"total_results":0}}')


def test_bare_lists_and_rows_have_no_page_info():
    info = b'{"id":1,"page_info":{}}'

    assert not Envelope(rows="").has_page_info
    assert Envelope(rows="").open(b"[1]") == Page([1], None, None, has_page_info=False)
    assert not Envelope(rows="", one_row=True).open(info).has_page_info
    assert Envelope().has_page_info
    assert Envelope(empty_body_is_none=True).open(b"").has_page_info


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "an empty body"),
        (b" \r\n\t", "an empty body"),
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (b"\n <html>", "an HTML page"),
        (b"<html>\xe9\n", "an HTML page"),
        (b"{", "a body that is not JSON"),
        (b'{"items":[]', "a body that is not JSON"),
        (b'{"items":[]}x', "a body that is not JSON"),
        (b'{"items":["Jos\xe9', "a body that is not JSON"),
        (b'{"items":["\n"],"page_info":', "a body that is not JSON"),
        (b'{"items":[nan]}', "a body that is not JSON"),
        (b'\xff{"items":[]}', "a body that is not JSON"),
        (b"NaN", "JSON that is not an object with 'items'"),
        (b"null", "JSON that is not an object with 'items'"),
        (b"[]", "JSON that is not an object with 'items'"),
        (b"[{}]", "JSON that is not an object with 'items'"),
        (b'"items"', "JSON that is not an object with 'items'"),
        (b"{}", "an object without a list of 'items'"),
        (b'{"items":null}', "an object without a list of 'items'"),
        (b'{"items":{}}', "an object without a list of 'items'"),
        (b'{"items":"[]"}', "an object without a list of 'items'"),
        (b'{"message":"x"}', "an object without a list of 'items'"),
        (b'{"error":"internal_server_error"}', "an error object"),
        (b'{"error":"x","items":null}', "an error object"),
    ],
)
def test_any_other_body_is_rejected(body, what):
    with pytest.raises(UnexpectedBody) as caught:
        Envelope().open(body)

    assert str(caught.value) == what


def test_an_envelope_may_have_its_rows_under_another_name():
    page = Envelope(rows="lessons").open(b'{"lessons":[{"page_id":"a"}]}')

    assert page.rows == [{"page_id": "a"}]
    with pytest.raises(UnexpectedBody, match="without a list of 'lessons'"):
        Envelope(rows="lessons").open(b'{"items":[]}')


@given(st.binary())
def test_any_body_is_a_page_or_is_rejected(body):
    try:
        Envelope().open(body)
    except UnexpectedBody as refused:
        assert "Traceback" not in str(refused)


@given(st.text(min_size=8, alphabet="abcdefghijklmnopqrstuvwxyz"))
def test_a_rejection_never_quotes_the_body(text):
    with pytest.raises(UnexpectedBody) as caught:
        decode(f"<p>{text}-0123456789".encode())

    assert "0123456789" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":"invalid_parameter","error_description":"x"}', "invalid_parameter"),
        (b'{"code":"0006","message":"The subdomain does not exist"}', "0006"),
        (b'{"error":"","code":"0006"}', "0006"),
        (b'{"error":5}', ""),
        (b'{"error":{"code":"x"}}', ""),
        (b'{"message":"API rate limit exceeded"}', ""),
        (b"", ""),
        (b'{"error":"\xff"}', ""),
        (b"[]", None),
        (b"<html>", None),
        (b"{", None),
        (b"null", None),
        (b"[" * 2000 + b"]" * 2000, None),
    ],
)
def test_the_error_code_is_read_from_both_error_formats(body, code):
    assert error_code(body) == code


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (rb"Ana \ud83d", "Ana \ufffd"),
        (rb"\udc00 Ana", "\ufffd Ana"),
        (rb"Ana \\ud83d \ud83d\ude00 \ud83d", "Ana \\ud83d \U0001f600 \ufffd"),
        ("é😀".encode() + rb"\ud83d", "é😀\ufffd"),
    ],
)
def test_only_an_unpaired_surrogate_is_replaced(sent, name):
    body = b'{"items":[{"name":"' + sent + b'","value":0.1}],"page_info":{}}'

    assert Envelope().open(body) == Page([{"name": name, "value": 0.1}], None, None)


@pytest.mark.parametrize(
    ("sent", "value", "repaired"),
    [
        (b'"Jos\xe9 \xc3\xa9"', "José é", "invalid bytes"),
        (b'"\xff\xfe\x80"', "\xff\xfe\x80", "invalid bytes"),
        (b'"\xc3"', "\xc3", "invalid bytes"),
        (b'"two\nlines\tand\x01more"', "two\nlines\tand\x01more", "control characters"),
        (b"NaN", "NaN", "invalid numbers"),
        (b"Infinity", "Infinity", "invalid numbers"),
        (b"-Infinity", "-Infinity", "invalid numbers"),
        (b"1e999", "1e999", "invalid numbers"),
        (b"-1e999", "-1e999", "invalid numbers"),
        (b'[1e999,"\xe9\n",0.1]', ["1e999", "é\n", 0.1], "invalid bytes, invalid numbers, control characters"),
    ],
)
def test_invalid_values_become_text_and_the_page_is_kept(sent, value, repaired):
    rest = b',"id":1},{"id":2,"name":"\xc3\xa9\\ud83d","large":12345678901234567890123}]'
    body = b'{"items":[{"value":' + sent + rest + b',"page_info":{"total_results":2,"next_page_token":"abc="}}'

    page = Envelope().open(body)

    good = {"id": 2, "name": "é\ufffd", "large": "12345678901234567890123"}
    assert page == Page([{"value": value, "id": 1}, good], "abc=", 2, repaired=repaired)


@pytest.mark.parametrize("sent", [b"1e-999", b"-0", b"18446744073709551615", b"-9223372036854775808", b"1" * 300])
def test_invalid_values_do_not_change_other_numbers(sent):
    (valid,) = Envelope().open(b'{"items":[' + sent + b"]}").rows

    beside, _ = Envelope().open(b'{"items":[' + sent + b",NaN]}").rows
    assert (type(beside), beside) == (type(valid), valid)


@pytest.mark.parametrize("sent", [b"9" * 20, b"-9223372036854775809", b"9007199254740993.0", b"9" * 400, b"9" * 5000])
@pytest.mark.parametrize("beside", [b"", b",NaN"], ids=["valid", "invalid"])
def test_a_number_that_would_lose_digits_is_read_as_text(sent, beside):
    value = Envelope().open(b'{"items":[{"value": ' + sent + b"}" + beside + b"]}").rows[0]["value"]

    assert value == sent.decode()


@pytest.mark.parametrize("sent", [b"1200240.0", b"9007199254740993", b"18446744073709551615", b"0.30000000000000004"])
def test_an_exact_number_stays_a_number(sent):
    body = b'{"items":[' + sent + b',"12345678901234567890"]}'

    assert Envelope().open(body).rows[0] == orjson.loads(sent)


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":[{"a\\u0000":"\\u0000b","c":["\\u0000"]}]}',
        b'\xef\xbb\xbf{"items":[{"a\\u0000":"\\u0000b","c":["\\u0000"]}]}',
        b'{"items":[{"a\0":"\0b","c":["\0"]}]}',
    ],
)
def test_null_characters_are_replaced_in_text_and_field_names(body):
    assert Envelope().open(body).rows == [{"a\ufffd": "\ufffdb", "c": ["\ufffd"]}]


def test_text_that_resembles_a_null_escape_is_unchanged():
    rows = [r"\u0000", "\\"]

    assert Envelope().open(orjson.dumps({"items": rows})).rows == rows


@pytest.mark.parametrize("body", [b'{"items":["\\u0000"]}', b'\xef\xbb\xbf{"items":["\\u0000"]}'])
def test_null_characters_and_byte_order_marks_are_valid(body):
    assert not Envelope().open(body).repaired


NESTED = {
    "lists": (b"[", b"]"),
    "objects": (b'{"a":', b"}"),
    "both": (b'{"a":[', b"]}"),
}


@pytest.mark.parametrize("levels", [300, 1000, 1100, 100_000])
@pytest.mark.parametrize("form", NESTED)
@pytest.mark.parametrize("beside", [b"", b"NaN,"], ids=["valid", "invalid"])
def test_deeply_nested_json_is_rejected_with_a_clear_error(levels, form, beside):
    opening, closing = NESTED[form]
    body = b'{"items":[' + beside + opening * levels + b"1" + closing * levels + b"]}"

    with pytest.raises(UnexpectedBody, match=r"^JSON that is nested too deeply$"):
        Envelope().open(body)


def test_brackets_in_text_do_not_count_as_nesting():
    text = "}" * 300 + "]" * 300

    assert Envelope().open(orjson.dumps({"items": [text]})).rows == [text]


@pytest.mark.parametrize(
    "filler", [b'"\xff', b'"\n', b"NaN,", b"9", b"["], ids=["bytes", "lines", "numbers", "digits", "levels"]
)
def test_a_large_invalid_body_is_processed_in_bounded_time(filler):
    end = {b'"\xff': b'"', b'"\n': b'"', b"NaN,": b"1"}.get(filler, b"")
    body = b'{"items":[' + filler[:1] * (filler[:1] == b'"') + filler.removeprefix(b'"') * (1 << 20) + end + b"]}"

    began_s = time.process_time()  # CPU time, because other processes may delay this one
    with suppress(UnexpectedBody):
        Envelope().open(body)

    assert time.process_time() - began_s < 5


@pytest.mark.parametrize("body", [b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":"\n"}', b'{"a":"\\ud83d"', b"<html>"])
def test_invalid_json_outside_of_pages_is_rejected(body):
    with pytest.raises(UnexpectedBody):
        decode(body)
