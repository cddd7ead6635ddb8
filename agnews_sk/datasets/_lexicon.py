"""The words and sentences of generated news, the most frequent first."""

from itertools import product

# Phrases of one class each, in the order of `TARGET_NAMES`. Words shared between classes are
# intended: a striker signs a deal, a market is attacked, a satellite is lost.
CLASS_PHRASES = {
    "who": (
        "government, prime minister, army, president, police, rebels, opposition, ministry, "
        "troops, foreign minister, militants, parliament, peace envoy, border guards, protesters, "
        "ruling party, ambassador, aid workers, interim council, high court, villagers, "
        "peacekeepers, exiled leader, rescue teams, union, inspectors, mayor, security chief, "
        "refugees, hostages' families, gunmen, election commission, crown prince, clerics, navy",
        "team, coach, champion, captain, striker, defending champions, club, goalkeeper, "
        "visitors, league, rookie, quarterback, hosts, sprinter, manager, pitcher, federation, "
        "top seed, veteran, referee, national side, winger, bullpen, golfer, skipper, owners, "
        "title holders, wild card, swimmers, relay team, fans, underdogs, point guard, union",
        "company, bank, chief executive, retailer, airline, analysts, shareholders, investors, "
        "carmaker, regulators, central bank, board, insurer, oil producer, union, rival, lender, "
        "brokerage, drug maker, software maker, brewer, traders, supermarket chain, creditors, "
        "fund manager, economists, utility, mining group, wholesaler, auditors, finance ministry, "
        "home builder, steel maker, bidder",
        "researchers, company, scientists, software maker, engineers, chip maker, astronomers, "
        "search engine, space agency, developers, lab, start-up, browser maker, hackers, rival, "
        "biologists, phone maker, game studio, university team, probe, regulators, "
        "music service, file sharers, handset maker, crew, open source group, students, "
        "network operator, climate panel, spammers, archaeologists, robot builders, users",
    ),
    "did": (
        "rejected, agreed to, threatened, condemned, suspended, called for, backed, denied, "
        "delayed, accepted, attacked, warned of, launched, ended, faced, voted on, refused, "
        "sought, opened, protested over, prepared for, resumed, defied, hailed, signed, lost, "
        "blamed, widened",
        "won, lost, missed, celebrated, prepared for, dominated, clinched, fought for, signed, "
        "faced, withdrew from, delayed, opened, sought, survived, appealed against, launched, "
        "rallied in, cruised through, ended, attacked, defended, dropped, shook off",
        "cut, raised, agreed to, posted, rejected, sought, warned of, sold, bought, delayed, "
        "expected, faced, launched, shut, approved, reported, settled, lost, expanded, sued over, "
        "backed, signed, missed, opened, abandoned, doubled, ended, slashed, filed for",
        "launched, unveiled, found, tested, released, fixed, developed, discovered, delayed, "
        "patched, sued over, warned of, signed, opened, mapped, lost, prepared for, backed, "
        "attacked, spotted, upgraded, sought, sold, dropped, ended, showed off, expanded, blocked",
    ),
    "what": (
        "peace talks, a ceasefire, new elections, a bomb attack, sanctions, the border dispute, "
        "a hostage deal, nuclear talks, the offensive, a suicide bombing, an aid convoy, "
        "the peace plan, a state of emergency, a truce, the coup attempt, war crimes charges, "
        "a military pact, the referendum, street protests, an air raid, the refugee crisis, "
        "a flood relief effort, a weapons programme, the occupation, a prisoner exchange, "
        "an assassination plot, the power-sharing accord, a mass grave, a landslide vote",
        "the final, the title, the season opener, a record, the cup tie, a penalty shoot-out, "
        "the playoffs, a gold medal, the derby, extra innings, a doping ban, the quarterfinals, "
        "the transfer window, a hat trick, the qualifier, a losing streak, the first half, "
        "a knee injury, a contract, a comeback, the championship, an away game, the semifinal, "
        "a home run, a last-minute goal, the road race, a straight-sets match, the pennant race, "
        "the world ranking, a touchdown pass, the marathon",
        "quarterly profit, a takeover bid, its forecast, job cuts, record oil prices, a merger, "
        "interest rates, annual earnings, the share sale, a fraud inquiry, weak sales, its stake, "
        "bankruptcy protection, higher revenue, the trade deficit, a contract, a price war, "
        "pension costs, the stock offering, a buyout, consumer spending, the dollar's slide, "
        "inflation, a loan deal, the antitrust ruling, a dividend, crude output, a store network, "
        "exports, a credit rating, retail orders, accounting errors",
        "a new browser, a security flaw, the space probe, its search engine, a rocket, a virus, "
        "wireless service, a music player, an update, a distant planet, the operating system, "
        "a faster chip, a video game, online music, spam filters, a contract, a gene map, "
        "broadband access, an internet phone, a satellite, a file-sharing suit, the moon mission, "
        "a patent claim, a fossil, a digital camera, an antitrust ruling, a supercomputer, "
        "stem cells, a server line, the ozone layer, a telescope, a worm, web mail",
    ),
    "because": (
        "after a night of clashes in the capital, amid fears of a wider war, days before the "
        "summit, as talks stalled again, after the leaders met for the first time in a decade, "
        "despite pressure from the United Nations, as foreign troops pulled back, in the bloodiest "
        "week of the conflict, ahead of a disputed election, after the cabinet resigned, while "
        "thousands marched in the streets, in defiance of an international ban",
        "with a goal in stoppage time, after trailing by two at the break, in front of a sold-out "
        "stadium, after a week of injuries, on the last day of the season, with the best time of "
        "the year, in the opening round, as the bench scored twice, on his return from suspension, "
        "in a rain-delayed match, with four games to play, after sitting out a month",
        "as energy costs climbed, after sales fell short of expectations, sending its shares "
        "lower, as demand from abroad slowed, to pay down debt, in a deal worth billions, amid "
        "fears of rising inflation, after regulators asked questions, beating forecasts on the "
        "market, as the dollar weakened, in the third quarter, ahead of the holiday season",
        "in a bid to catch up with its rivals, after a flaw let attackers in, in the journal this "
        "week, for users of older computers, as more homes go online, on its way to the outer "
        "planets, after years of tests in the lab, to stop unwanted mail, using a network of cheap "
        "machines, ahead of the holiday season, before the code was made public, from low orbit",
    ),
    "source": (
        "Reuters, AP, AFP, World Dispatch, Capital Monitor",
        "AP, Reuters, AFP, Courtside Daily, Final Whistle",
        "Reuters, AP, AFP, Ledgerline, Market Bulletin",
        "AP, Reuters, AFP, Orbitpost.com, Byte Courier",
    ),
    "firm_end": (
        "Council, Front, Party, Assembly, Movement",
        "United, Rovers, City, Athletic, Rangers",
        "Corp., Inc., Group, Holdings, Bancorp",
        "Labs, Systems, Software, Inc., Networks",
    ),
}

_SHARED = {
    "when": "on Monday, on Tuesday, on Wednesday, on Thursday, on Friday, on Saturday, on Sunday, "
    "yesterday, today, this week, late last night, this month, early in the day, at the weekend",
    "how": "again, at last, quietly, narrowly, in public, without warning, as expected, for now, "
    "in a surprise move, for a second time, under pressure, once more, in part, with little fuss",
    "adverb": "reportedly, finally, now, still, again, nearly, officially, suddenly, soon",
    "adjective": "big, new, long, costly, hard, fresh, late, rare, final, tough, key, bold, "
    "quiet, sharp, slow, strong, weak, major, joint, secret, global, local, risky",
    "thing": "attack, deal, ruling, launch, loss, record, contract, plan, strike, race, victory, "
    "delay, dispute, decision, recovery, return, lead, defence, drive, network, future, crisis, "
    "battle, test, season, setback, talks, move, offer, comeback, collapse, target, report",
    "comment": "there is still a long way to go, nobody expected it to end this way, we are ready "
    "for what comes next, the numbers speak for themselves, it was the right decision, we had no "
    "choice, time will tell, it could have been worse, this changes everything, we will appeal",
    "speaker": "a spokesman, officials, people close to the talks, a witness, a statement, local "
    "media, one official, organisers, experts, sources",
}

_STARTS = "Bar Cal Dar Fen Gar Hal Jor Kel Lam Mar Nor Ost Pel Quin Ras Sel Tor Ul Ver Wes Yar Zan"
_MIDDLES = "a e i o u an el in on ur"
_ENDS = "bec dale field gan ham ki ler mont nov ra son sten tan ton vic wick za"


def _split(phrases: str) -> list[str]:
    return phrases.split(", ")


def _invented_names() -> list[str]:
    """Return names in an order that spreads the syllables over frequent and rare ones."""
    names = ["".join(parts) for parts in product(*map(str.split, (_STARTS, _MIDDLES, _ENDS)))]
    step = 1009  # coprime to the number of names, so that every name occurs once
    return [names[i * step % len(names)] for i in range(len(names))]


def class_phrases() -> dict[str, list[list[str]]]:
    """Return for each kind of phrase one list a class."""
    return {kind: [_split(phrases) for phrases in texts] for kind, texts in CLASS_PHRASES.items()}


def shared_phrases() -> dict[str, list[str]]:
    """Return for each kind of phrase that all classes share its list."""
    names = _invented_names()
    return {kind: _split(phrases) for kind, phrases in _SHARED.items()} | {
        "name": names,
        "place": [name + ending for ending in ("", "ia", "burg") for name in names[::7]],
        "number": [str(number) for number in (*range(2, 60), *range(60, 5000, 10))],
        "small": [str(number) for number in range(10)],
    }


TITLES = (
    "{who} {did} {what}",
    "{place} {who} {did} {what}",
    "{name} {adverb} {did} {what}",
    "{who} {did} {adjective} {thing} over {what}",
    "{name} {firm_end} {did} {what} {when}",
    "{adjective} {thing} for {place} {who}",
    "{number} in {place} {thing} as {who} {did} {what}",
    "{place}'s {who} {did} {what}",
    "{adjective} {thing} looms in {place}, {name} says",
    "{what}: {name} {did} {adjective} {thing}",
)

SENTENCES = (
    "the {who} of {place} {did} {what} {when}, {speaker} said, {because}.",
    "{name} {firm_end} {did} {what} {how} {when} {because}, {name} {name} said.",
    "{place}'s {who} {adverb} {did} {what} {when}, a {adjective} {thing} for {name}, {because}.",
    '{name} {name} of {place} said "{comment}" {when} as the {who} {did} {what} {how}.',
    "a {adjective} {thing} worth ${number} million hangs on {what}, {speaker} said {when} "
    "{because}.",
    "the {adjective} {thing} of {name} {firm_end} in {place} is {adverb} about {what}, {because}.",
    "{number} people saw the {who} and {name} go through a {adjective} {thing} {small}-{small} "
    "{when}.",
    "{speaker} in {place} said {when} that {name}'s {thing} is {adverb} a {adjective} one and that "
    "the {who} {did} {what} {because}.",
)

FOLLOW_UPS = (
    "",
    "",
    "{name} did not comment.",
    'It is the {adjective} {thing} that "{comment}", {speaker} said.',
    "{place}'s {who} may follow with {number} more {when}.",
    "The {who} had hoped for a {adjective} {thing} {when}, {because}.",
)

LEADS = (
    "",
    "",
    "",
    "",
    "",
    "{source} - ",
    "{source} - ",
    "{place} ({source}) - ",
    " {place} ({source}) - ",
    "{place} -- ",
)
