"""The members areas: their modules with the pages in them, and their students."""

from dataclasses import dataclass, replace
from typing import Final

from hotmart_simulator.common.random_source import Alphanumerics, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.ledger import Event
from hotmart_simulator.members_area.student_state import StudentState
from hotmart_simulator.products.state import ProductState

LARGEST_AREA: Final = 1_000  # modules
PAGES: Final = (4, 6, 0, 3, 5, 1, 7, 2)  # of a module, in turn: one in eight is empty
FIRST_ADDED_PAGE: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a module. `order` counts from 1. Pages that were added later have the larger numbers."""

    number: int
    id: str
    name: str
    order: int
    bits: int

    @property
    def is_published(self) -> bool:
        return self.bits % 9 > 0


@dataclass(frozen=True, slots=True)
class Module:
    """One module.

    `product_numbers` are the products that can have its pages in version 2, which no endpoint shows (4.15). The first
    one always has some.
    """

    number: int
    id: str
    name: str
    sequence: int
    is_extra: bool
    bits: int
    product_numbers: tuple[int, ...]
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """One members area.

    Its lessons are the published pages of all its modules. A page that was added later is the last one, so that what
    a student completed stays completed.
    """

    modules: tuple[Module, ...] = ()
    lessons: tuple[tuple[Module, Page], ...] = ()


class MembersAreaState:
    """Every members area by its subdomain. An unknown members area is empty."""

    def __init__(self, setting: Setting, products: ProductState, students: int, modules: int) -> None:
        """Create areas of `modules` modules each. Raise ValueError for more than an area can have."""
        if not 0 <= modules < LARGEST_AREA:
            raise ValueError(f"modules must be fewer than {LARGEST_AREA}")
        self.students = StudentState(setting, students)
        self._bits = setting.seed_of("clubs")
        self._module_codes = Alphanumerics(setting.seed, "modules")
        self._page_codes = Alphanumerics(setting.seed, "pages")
        own = products.own
        courses = tuple(product for product in own if product.raw["format"] == "ONLINE_COURSE") or own
        self._courses = tuple(product.number for product in courses)
        self._added_pages = 0
        self._subdomains = setting.subdomains
        self.of = {
            subdomain: _area(tuple(self._module(place_of_area, place) for place in range(modules)))
            for place_of_area, subdomain in enumerate(setting.subdomains)
        }
        """The areas by subdomain."""
        self.home = {module.id: (name, module) for name, area in self.of.items() for module in area.modules}
        """Subdomain and module by the id of the module."""
        self._first_lesson_counts = {name: len(area.lessons) for name, area in self.of.items()}
        setting.ledger.project("module.page", self._on_page)
        setting.ledger.project("module.renamed", self._on_renamed)

    @property
    def student_count(self) -> int:
        """Return the number of students ever created. Their numbers count from 0."""
        return self.students.count

    def area(self, subdomain: str) -> Area:
        """Return a members area."""
        return self.of.get(subdomain, Area())

    def lesson_count(self, subdomain: str) -> int:
        """Return how many lessons a members area has."""
        return len(self.area(subdomain).lessons)

    def first_lesson_count(self, subdomain: str) -> int:
        """Return how many lessons a members area had in the first population."""
        return self._first_lesson_counts.get(subdomain, 0)

    def _on_page(self, event: Event) -> None:
        """Add a published page at the end of a module. `value` is its name."""
        module = self._numbered(event.subject)
        number = FIRST_ADDED_PAGE + self._added_pages
        self._added_pages += 1
        page = self._page(number, len(module.pages))
        bits = page.bits if page.is_published else page.bits + 1
        page = replace(page, bits=bits, name=event.value)
        self._set(replace(module, pages=(*module.pages, page)))

    def _on_renamed(self, event: Event) -> None:
        """`value` is the name."""
        self._set(replace(self._numbered(event.subject), name=event.value))

    def _numbered(self, number: int) -> Module:
        area, place = divmod(number, LARGEST_AREA)
        return self.of[self._subdomains[area]].modules[place]

    def _set(self, module: Module) -> None:
        area, place = divmod(module.number, LARGEST_AREA)
        subdomain = self._subdomains[area]
        modules = self.of[subdomain].modules
        self.of[subdomain] = _area((*modules[:place], module, *modules[place + 1 :]))
        self.home[module.id] = (subdomain, module)

    def _module(self, area: int, place: int) -> Module:
        number = area * LARGEST_AREA + place
        is_extra = place % 3 == 2
        return Module(
            number=number,
            id=self._module_codes.text(number),
            name=f"Bonus {place // 3 + 1}" if is_extra else f"Module {place + 1}",
            sequence=place + 1,
            is_extra=is_extra,
            bits=scatter(self._bits + number),
            product_numbers=self._products_of(area, place),
            pages=tuple(self._page(number * len(PAGES) + page, page) for page in range(PAGES[number % len(PAGES)])),
        )

    def _products_of(self, area: int, place: int) -> tuple[int, ...]:
        """Two courses share an area: five modules of the one, then three of the other. The next course is second."""
        if not self._courses:
            return ()
        first = scatter(self._bits ^ area) + (place % 8 >= 5)
        return tuple(dict.fromkeys(self._courses[(first + step) % len(self._courses)] for step in (0, 1)))

    def _page(self, number: int, place: int) -> Page:
        return Page(
            number=number,
            id=self._page_codes.text(number),
            name=f"Lesson {place + 1}",
            order=place + 1,
            bits=scatter(self._bits ^ (number + LARGEST_AREA)),
        )


def _area(modules: tuple[Module, ...]) -> Area:
    lessons = [(module, page) for module in modules for page in module.pages if page.is_published]
    return Area(modules, tuple(sorted(lessons, key=lambda lesson: lesson[1].number)))
