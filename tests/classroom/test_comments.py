"""Comments are Markdown, and may be about one aspect."""

import pytest

from grader.classroom.comments import comments

SLUG = "m01_tiny"
NAMES = ("result", "timeout")


def test_markdown_is_rendered_and_tags_are_shown_as_typed():
    said = comments("Use `shield=True`, **always**.\nSee [the lesson](step.html).\n\n- one\n- two", NAMES)
    assert "<code>shield=True</code>, <strong>always</strong>.<br" in said.whole
    assert '<a href="step.html">the lesson</a>' in said.whole
    assert "<li>two</li>" in said.whole
    said = comments("<script>alert(1)</script> ![x](http://a/b.png) [x](javascript:alert(1)) $x^2$", NAMES).whole
    assert "<script" not in said
    assert "&lt;script&gt;" in said
    assert "<img" not in said
    assert 'href="javascript' not in said
    assert "$x^2$" in said


@pytest.mark.parametrize("head", ["result:", "**result:**", "**result**:", "  result:"])
def test_a_paragraph_that_names_an_aspect_is_about_that(head):
    said = comments(f"Well done.\r\n\r\n{head} in order\r\nof jobs.\r\n\r\nStill about it.\r\n\r\ntimeout: late", NAMES)
    assert said.whole == "<p>Well done.</p>"
    assert said.aspects["result"].startswith("<p>in order<br")
    assert "Still about it." in said.aspects["result"]
    assert said.aspects["timeout"] == "<p>late</p>"


def test_what_names_no_aspect_of_the_module_is_text():
    said = comments("The result: fine.\n\nleak: none\n\nresults: many", NAMES)
    assert said.aspects == {}
    assert "leak: none" in said.whole
    assert comments("", NAMES).whole == ""
    assert comments("result:", NAMES).aspects == {}
    assert comments("result: a\n\nresult: b", NAMES).aspects == {"result": "<p>a</p>\n<p>b</p>"}


def test_the_page_shows_both(school, texts):
    school.hand_in("ada", texts["no_value"])
    school.score()
    with school.desk.book() as book:
        text = "Look at *step 2*.\n\nresult: `return` is missing, not <b>this</b>"
        book.find_comment("answer", SLUG, SLUG, "ada").manual_comment = text
        book.db.commit()
    school.desk.feedback()
    page = school.page("ada")
    top, table = page.split("<h2>Points</h2>")
    assert "Look at <em>step 2</em>." in top
    assert "return" not in top.split("From your instructor")[1]
    row = table.split("</tbody>")[0]
    assert "<code>return</code> is missing, not &lt;b&gt;this&lt;/b&gt;" in row
