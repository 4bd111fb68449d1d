"""Write `docs/streams.md`, `docs/hotmart-skill.md` and `docs/development/reliability.md`."""

from tools.docs import reliability_page, skill_page, streams_page

streams_page.PAGE.write_text(streams_page.streams_page(), encoding="utf-8")
skill_page.PAGE.write_text(skill_page.skill_page(), encoding="utf-8")
reliability_page.PAGE.write_text(reliability_page.reliability_page(), encoding="utf-8")
