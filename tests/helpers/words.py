"""What invented pages are made of."""

WHO = ("Harbor weavers", "Salt farmers", "The bakers of the hill", "Lamp makers", "Ferry pilots", "A guild of potters", "The bell ringers of Orlen",
       "Kite makers", "Well diggers", "The keeper of the lighthouse", "Boat builders", "Three villages")  # fmt: skip
DOES = ("ask for a day of rest", "open a school by the sea", "count their losses after the storm", "win back an old street", "turn to reeds again",
        "send nine carts over the pass", "agree on one price", "sign a pact with the millers", "light the harbor once more", "seek water under the square")  # fmt: skip
MORE = (
    "",
    " at last",
    " after nine years",
    " – and nobody objects",
    ": ‘We had no choice’",
    " for the first time since 1998",
    " in a dry winter",
    "?",
)
CAPTIONS = ("The quay on the morning after the storm.", "A bench in the old workshop, which nobody has moved in forty years.",
            "Children look at the boats from the wall.", "“We will stay,” the eldest of them says.", "The square at noon, without its drums, on March 4, 2020.")  # fmt: skip
CREDITS = (
    "AFP",
    "AP",
    "Reuters",
    "SPA",
    "Supplied",
    "AN photo",
    "AFP/File",
    "Shutterstock",
    "AN photo by Omar Tell",
)
BARE = ("AFP", "AP", "Reuters", "SPA", "Shutterstock", "File/AFP", "Supplied", "AP Photo/Omar Tell")
SENTENCES = ("It took them nine years, and a good part of what the town had saved for its bridge.", "“Nobody asked us,” said one of them, who is ninety.",
             "The council had promised ropes, lamps and a bell, and sent the bell.", "A sack costs what it did before the flood, and not a coin more.",
             "The work will go on until the end of October, when the wind turns.", "Those who came first were given bread, and those who came last were given advice.",
             "Forty families live from the trade, down from ninety in the year of the storm.", "There is no road to the place, and there has never been one.",
             "What is left of the wall will be kept for the children to climb on.", "He said that the figures would be made public in the spring.")  # fmt: skip
BULLETS = ("Forty families have come back to the trade", "The council pays for the ropes", "Nobody was hurt, the warden said",
           "It is the first since 1998", "The work goes on until October.")  # fmt: skip
PLACES = ("RIYADH", "JEDDAH", "DUBAI", "CAIRO", "KYIV", "ISLAMABAD", "TUNIS", "ATHENS", "MUSCAT", "BEIRUT")
AGENCIES = ("AFP", "Reuters", "Arab News", "AP", "SPA")
NAMES = ("Lina Haddad", "OMAR TELL", "Rida Orman", "Mara Selin", "JONAS AL-KARIM")
LABELS = ("Analysis", "Exclusive", "Review", "Special", "Interview", "Film Review", "In Focus", "quotes")
TOKENS = ("º£½ÇÖ±²¥", "海角直播", "Ƶ", "șÚÁÏÉçÇű")
SUBHEADS = ("The price of salt", "WHAT COMES NEXT", "‘Not in my street’", "A school without chairs")
MONTHS = ("January", "March", "May", "June", "August", "October", "December")
VIDEO = (
    "0 seconds of 1 minute, 9 secondsVolume 90%",
    "Press shift question mark to access a list of keyboard shortcuts",
    "00:00",
    "01:09",
    "01:09",
)
