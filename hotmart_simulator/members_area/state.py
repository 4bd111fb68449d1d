"""The members areas: their modules with the pages in them, and what their students did there since."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hotmart_simulator.common.random_source import Alphanumerics, scatter
from hotmart_simulator.common.setting import Setting
from hotmart_simulator.ledger import Event
from hotmart_simulator.products.state import Product, ProductState

LARGEST_CLUB: Final = 1_000  # modules
PAGES: Final = (4, 6, 0, 3, 5, 1, 7, 2)  # of a module, in turn: one in eight is empty


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a module; `order` counts from 1."""

    id: str
    name: str
    order: int
    bits: int

    @property
    def is_published(self) -> bool:
        return self.bits % 9 > 0


@dataclass(frozen=True, slots=True)
class Module:
    """One module; its product is asked for by version 2 of the pages, and told by no endpoint (4.15)."""

    id: str
    name: str
    sequence: int
    is_extra: bool
    bits: int
    product: Product | None
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Club:
    """One members area; its lessons are the published pages of all its modules, in their order."""

    modules: tuple[Module, ...] = ()

    @property
    def lessons(self) -> tuple[tuple[Module, Page], ...]:
        return tuple((module, page) for module in self.modules for page in module.pages if page.is_published)


class MembersAreaState:
    """Every club of a world, by subdomain; what is not known here is a club with nothing in it."""

    def __init__(self, setting: Setting, products: ProductState, students: int, modules: int) -> None:
        if not 0 <= modules < LARGEST_CLUB:
            raise ValueError(f"modules must be fewer than {LARGEST_CLUB}")
        self.student_count = students
        self.student_seed = setting.seed_of("students")
        self.student_codes = Alphanumerics(setting.seed, "students", width=10)
        self._bits = setting.seed_of("clubs")
        self._module_codes = Alphanumerics(setting.seed, "modules")
        self._page_codes = Alphanumerics(setting.seed, "pages")
        own = products.own
        self._courses = tuple(product for product in own if product.raw["format"] == "ONLINE_COURSE") or own
        self.of = {
            subdomain: Club(tuple(self._module(club, place) for place in range(modules)))
            for club, subdomain in enumerate(setting.subdomains)
        }
        self.home = {module.id: (name, module) for name, club in self.of.items() for module in club.modules}
        self._lesson_counts = {subdomain: len(club.lessons) for subdomain, club in self.of.items()}
        self._studied: dict[int, list[int]] = {}
        setting.ledger.project("student.studied", self._on_studied)

    def club(self, subdomain: str) -> Club:
        return self.of.get(subdomain, Club())

    def lesson_count(self, subdomain: str) -> int:
        return self._lesson_counts.get(subdomain, 0)

    def studied_ms(self, number: int) -> Sequence[int]:
        """When a student studied since the world was born, in the order in which it happened."""
        return self._studied.get(number, ())

    def _on_studied(self, event: Event) -> None:
        self._studied.setdefault(event.subject, []).append(event.at_ms)

    def _module(self, club: int, place: int) -> Module:
        number = club * LARGEST_CLUB + place
        bits = scatter(self._bits + number)
        is_extra = place % 3 == 2
        return Module(
            id=self._module_codes.text(number),
            name=f"Bonus {place // 3 + 1}" if is_extra else f"Module {place + 1}",
            sequence=place + 1,
            is_extra=is_extra,
            bits=bits,
            product=self._product(club, place),
            pages=tuple(self._page(number, page) for page in range(PAGES[number % len(PAGES)])),
        )

    def _product(self, club: int, place: int) -> Product | None:
        """Two courses share a club: five modules of the one, then three of the other."""
        if not self._courses:
            return None
        bits = scatter(self._bits ^ club)
        return self._courses[(bits + (place % 8 >= 5)) % len(self._courses)]

    def _page(self, module: int, place: int) -> Page:
        number = module * len(PAGES) + place
        return Page(
            id=self._page_codes.text(number),
            name=f"Lesson {place + 1}",
            order=place + 1,
            bits=scatter(self._bits ^ (number + LARGEST_CLUB)),
        )
