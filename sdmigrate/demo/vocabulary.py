"""The words of an invented service desk: people, clients, teams, and prose in whole sentences.

Invariant: nobody and no company here is real, and equal random generators give equal texts.
"""

from dataclasses import dataclass
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Ada Amir Anika Bao Bridget Callum Chiara Daniel Divya Ewan Farah Grace Hamish Imogen Ivo Jarrah Jun
    Kirra Leon Lowanna Mira Nadia Nikhil Oskar Petra Quinn Rania Ruben Saskia Tane Uma Viktor Wen Yara
    Zoë
    """
)
LAST_NAMES = _words(
    """
    Abernall Bellbrook Carrowin Dunmarra Eastgrove Fennimore Garrawick Hollowby Illingsea Jorrendale
    Kestermann Lindqvale Merriwagga Northaven O'Tarrow Pemberlin Quillfeather Rosscarne Sandilake
    Thornbeck Umberlow Vasilieva-Crane Wattleridge Yarranville Zelandri
    """
)
CLIENTS = (
    "Wattlebrook Foods",
    "Corranmere Health",
    "Bluegum & Tide Logistics",
    "Saltbush Credit Union",
    "Pindarra Council",
    "Ironbark Rail Services",
    "Lyrebird Learning",
    "Quandong Retail Group",
    "Merrigum Water",
    "Sandstone Legal",
    "Cobalt Ridge Mining",
    "Emu Plains Packaging",
    "Karri Forest Products",
    "Southern Cross-Stitch",
    "Tidewater Aged Care",
    "Yabby Creek Dairies",
    "Ningaloo Charters",
    "Billabong Brewing",
    "Brolga Airfreight",
    "Old Mill Insurance",
)
TEAMS = (
    "Service Desk",
    "Field Services",
    "Network Operations",
    "Cloud Platform",
    "Workplace",
    "Applications",
    "Security Operations",
    "Database Administration",
)
APPLICATIONS = (
    "the payroll portal",
    "Outlook",
    "the warehouse scanner app",
    "the intranet",
    "the VPN client",
    "the finance ledger",
    "Teams",
    "the roster system",
    "the document store",
    "the booking engine",
    "the point-of-sale terminal",
    "the print queue",
    "the phone system",
    "the identity provider",
    "the café loyalty app",
    "the reporting cube",
)
PLACES = (
    "head office",
    "level 3",
    "the Dubbo depot",
    "the Cairns branch",
    "ward 7B",
    "the Geelong warehouse",
    "the call centre",
    "the loading dock",
    "reception",
    "the training room",
    "the Hobart office",
    "home",
)
ERRORS = (
    "error 0x80070005",
    "a blank screen",
    "“session expired”",
    "HTTP 503",
    "a certificate warning",
    "“licence not found”",
    "error 1603",
    "a spinning cursor",
    "“mailbox is full”",
    "ORA-12541",
    "a timeout after 30 seconds",
    "“disk quota exceeded”",
)
SYMPTOMS = (
    "User reports that {application} shows {error} since this morning.",
    "{application} is very slow at {place}; other sites are fine.",
    "Cannot log in to {application} from {place}, password was reset yesterday.",
    "After the update {application} closes by itself and shows {error}.",
    "Several people at {place} see {error} when opening {application}.",
    "Request for access to {application} for a new starter at {place}.",
    "Monitoring raised an alert for {application}: {error}.",
    "The printer at {place} no longer prints from {application}.",
    "A customer complained that {application} lost an order – please check the logs.",
    "Scheduled job of {application} did not finish overnight, last message was {error}.",
)
ACTIONS = (
    "Called the user back and asked for a screenshot of {error}.",
    "Cleared the cache of {application} and restarted the client.",
    "Checked the event log at {place}: {error} appears every ten minutes.",
    "Reset the password and confirmed that {application} opens.",
    "Remote session to {place}; reinstalled {application}.",
    "Raised with the vendor of {application}, reference given to the user.",
    "Extended the mailbox quota and archived items older than two years.",
    "Swapped the patch lead at {place}, link is up at 1 Gb/s.",
    "Rolled the profile back to last week's state; {application} is naïve about locked files.",
    "Added the user to the access group of {application}, takes effect at next logon.",
    "Left a voicemail, will try again after lunch.",
    "Compared with a working machine at {place}: the proxy setting was different.",
    "Restarted the service behind {application} outside business hours.",
    "Waiting for approval of the account manager before we touch {application}.",
)
OUTCOMES = (
    "User confirms that {application} works again ✓",
    "No further occurrence of {error} for 48 hours, closing.",
    "Permanent fix is scheduled with the next release of {application}.",
    "Works from {place} now; the user is happy to close.",
    "Hardware at {place} was replaced under warranty.",
    "Duplicate of an older request, linked to it.",
    "Known problem of {application}; work-around documented in the knowledge base.",
    "Access granted and tested together with the user.",
)


@dataclass(frozen=True)
class Person:
    """One invented member of the desk."""

    number: int
    name: str
    username: str


@dataclass(frozen=True)
class Client:
    """One invented customer account."""

    number: int
    name: str
    key: str


@dataclass(frozen=True)
class Desk:
    """Everything that is drawn once per database: who works there, for whom, and the sentences they use."""

    people: tuple[Person, ...]
    clients: tuple[Client, ...]
    symptoms: tuple[str, ...]
    actions: tuple[str, ...]
    outcomes: tuple[str, ...]
    titles: tuple[str, ...]


def _sentences(random: Random, templates: tuple[str, ...], count: int) -> tuple[str, ...]:
    """That many sentences; each begins with a capital letter."""
    sentences = []
    for template in random.choices(templates, k=count):
        text = template.format(
            application=random.choice(APPLICATIONS), place=random.choice(PLACES), error=random.choice(ERRORS)
        )
        sentences.append(text[0].upper() + text[1:])
    return tuple(sentences)


def _titles(random: Random, count: int) -> tuple[str, ...]:
    """Short summaries, as a requester types them."""
    pick = random.choice
    return tuple(
        f"{pick(APPLICATIONS).removeprefix('the ')}: {pick(ERRORS)} at {pick(PLACES)}" for _ in range(count)
    )


def found_desk(random: Random) -> Desk:
    """The desk of one database."""
    people = []
    for number in range(1, 61):
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        username = f"{first[0]}{last}{number}".lower().replace("'", "").replace("-", "")
        people.append(Person(number=4000 + number, name=f"{first} {last}", username=username))
    clients = tuple(
        Client(number=20_000 + 7 * index, name=name, key=f"SEL-{1000 + 37 * index:05d}")
        for index, name in enumerate(CLIENTS)
    )
    return Desk(
        people=tuple(people),
        clients=clients,
        symptoms=_sentences(random, SYMPTOMS, 800),
        actions=_sentences(random, ACTIONS, 1600),
        outcomes=_sentences(random, OUTCOMES, 400),
        titles=_titles(random, 600),
    )
