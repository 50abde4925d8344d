"""What buyers and shops write in demo reviews: put together from parts, so that few of them read alike.

Invariant: the same draws give the same text, and a reply fits how many stars it answers.
"""

import random
from collections.abc import Mapping
from typing import Final

_TITLES: Final[Mapping[int, tuple[str, ...]]] = {
    1: (
        "Broken on arrival", "Not as described", "Would not buy again", "Sent it back", "A waste of money",
        "Sadly a disappointment", "Stopped working", "Stay away",
    ),
    2: (
        "Disappointing", "Expected more", "Cheaply made", "Not for {use}", "Looks better than it is",
        "Nearly sent it back", "Hm",
    ),
    3: (
        "Does what it should", "Mixed feelings", "All right for the price", "Average", "Fine, no more",
        "Decent {noun}", "Good idea, so-so made",
    ),
    4: (
        "Good, with a small but", "Happy with it", "Well made", "Nearly perfect", "A good {noun}",
        "Good for {use}", "Recommended, on the whole", "Solid",
    ),
    5: (
        "Exactly right", "Better than expected", "Would buy again", "Wonderful", "My best {noun} so far",
        "Perfect for {use}", "Worth every cent", "A present that went down well", "Highly recommended", "Love it",
    ),
}  # fmt: skip
_FIRST: Final[Mapping[int, tuple[str, ...]]] = {
    1: (
        "The {noun} stopped working after {span}.",
        "Colour and size differ from the pictures.",
        "Mine came with a crack down one side.",
        "After {span} it was useless for {use}.",
        "I wanted it for {use}, and it failed the first time.",
    ),
    2: (
        "The {noun} feels flimsy.",
        "It works, but {feature} is hardly there.",
        "I had hoped for more, seeing the price.",
        "For {use} it is too small, whatever the description says.",
        "After {span} it looks ten years old.",
    ),
    3: (
        "Nothing special, but the {noun} does its job.",
        "Good for {use}, less so for anything else.",
        "{feature} is as promised, the finish is not.",
        "I have used it for {span} and am neither glad nor sorry.",
        "It took me a while to get used to it.",
    ),
    4: (
        "I use the {noun} for {use} and like {feature}.",
        "Nice {noun}, fair price.",
        "After {span} of {use} I can say: a good buy.",
        "{feature} works well.",
        "My second one; the first went to my sister.",
    ),
    5: (
        "I bought the {noun} for {use}, and it is perfect.",
        "{feature} makes the difference.",
        "After {span} of {use}: still like new.",
        "The {noun} looks even better than in the pictures.",
        "I compared for weeks and am glad that I took this one.",
        "We use it every day, mostly for {use}.",
        "A gift for my father, who does not stop talking about it.",
    ),
}
_SECOND: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("The money came back at least.", "I wrote twice before anybody answered.", "It went back the same day.", ""),
    2: ("The parcel took its time, too.", "I keep it, for want of a better one.", "Two stars for the looks.", ""),
    3: ("For this price I would take it again.", "Delivery was quick.", "The instructions could be better.", "", ""),
    4: (
        "One star off for the packaging.",
        "It could be a little lighter.",
        "Delivery a day late, apart from that all well.",
        "I would like it in more colours.",
        "",
        "",
    ),
    5: (
        "Arrived early and well packed.",
        "The shop answered my question within an hour.",
        "{feature} is what I had been looking for.",
        "Our neighbours have ordered one, too.",
        "No plastic in the parcel, thank you for that!",
        "",
        "",
    ),
}  # fmt: skip
_SPANS: Final = ("a week", "two weeks", "a month", "six weeks", "three months", "half a year")

_OF_SHOPS: Final[Mapping[int, tuple[tuple[str, str], ...]]] = {
    1: (
        ("No answer", "Three mails, no reply. The parcel came in the end, without a word."),
        ("Never again", "The wrong thing was in the box, and I paid for sending it back."),
    ),
    2: (
        ("Slow", "Twice as long as promised, and nobody said why."),
        ("Careless", "The box was open when it came; luckily nothing was missing."),
    ),
    3: (
        ("Fine", "Nothing to complain about, nothing to praise."),
        ("All right", "It took a few days longer, but I was told."),
        ("As usual", "Ordered, sent, arrived."),
    ),
    4: (
        ("Friendly and quick", "Sent on the next day. More padding would do no harm."),
        ("Good service", "My question was answered on the same evening."),
        ("Reliable", "The third order here, and always on time."),
    ),
    5: (
        ("A pleasure", "Quick, friendly, and a handwritten note in the parcel."),
        ("Best shop here", "They rang me up because of the colour before they sent it. Where do you still get that?"),
        ("Always again", "Ordered in the evening, here the day after tomorrow."),
        ("Fast and careful", "Packed so well that it would have survived a fall from the roof."),
        ("Thank you", "A part was missing, and the new one came within two days, free of charge."),
    ),
}
_OF_BUYERS: Final = (
    ("Paid at once, kind words", "Gladly again."),
    ("A pleasant customer", "Clear questions, quick answers."),
    ("All went well", "The parcel was collected on the first day."),
    ("Thank you for the order", "And for the picture of where it stands now!"),
)
_REPLIES: Final[Mapping[bool, tuple[str, ...]]] = {
    True: (
        "Thank you, enjoy it!",
        "We are glad that you like it. See you soon!",
        "Thank you for taking the time to write this.",
        "That makes our day. Greetings from {town}!",
        "Good to hear. A little care oil once a year, and it will stay like that.",
    ),
    False: (
        "We are sorry. Please write to us, and we will send you a new one at once.",
        "Thank you for telling us: we talked to the maker about it.",
        "This should not have happened. You can send it back free of charge, of course.",
        "Sorry for the trouble. We now look at each piece before it leaves {town}.",
    ),
}


def of_listing(stars: int, words: Mapping[str, str], draw: random.Random) -> tuple[str, str]:
    """Title and body. `words`: the `noun` of the thing, a `use` and a `feature` of its kind."""
    said = {**words, "span": draw.choice(_SPANS)}
    parts = [draw.choice(_FIRST[stars]).format(**said), draw.choice(_SECOND[stars]).format(**said)]
    body = " ".join(part[:1].upper() + part[1:] for part in parts if part)
    return draw.choice(_TITLES[stars]).format(**said), body


def of_shop(stars: int, draw: random.Random) -> tuple[str, str]:
    return draw.choice(_OF_SHOPS[stars])


def of_buyer(draw: random.Random) -> tuple[str, str]:
    return draw.choice(_OF_BUYERS)


def reply(stars: int, town: str, draw: random.Random) -> str:
    return draw.choice(_REPLIES[stars >= 4]).format(town=town)
