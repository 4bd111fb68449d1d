"""Write `docs/streams.md` and `docs/hotmart-skill.md`."""

from tools.docs import skill_page, streams_page

streams_page.PAGE.write_text(streams_page.streams_page(), encoding="utf-8")
skill_page.PAGE.write_text(skill_page.skill_page(), encoding="utf-8")
