"""The column names of graphrec's own tables, each spelled once.

A user's and an item's own column keep the names and types of the input; these names are used
for everything graphrec adds, and for the tables it keeps to itself.
"""

from typing import Final

# --- interactions after the contract: (user, item, weight, timestamp) -----------------------------
USER: Final = "user"
ITEM: Final = "item"
WEIGHT: Final = "weight"  # double >= 0: the rating, or 1 for an implicit interaction
TIMESTAMP: Final = "timestamp"  # double, seconds since 1970-01-01 UTC; null without a time column
STARS: Final = "stars"  # double, the rating without decay, below 0 in a dislike; array of these
REASON: Final = "reason"  # why a row was rejected
BATCH: Final = "batch"  # int, what a row came with: 0 the fit, then 1, 2 ... for each update

# --- histories: one row per user ------------------------------------------------------------------
ITEMS: Final = "items"  # array<int>, dense item indices, ascending
WEIGHTS: Final = "weights"  # array<float>, aligned with items
TIMES: Final = "times"  # array<double>, aligned with items
LIKELY: Final = "likely"  # array<int>, items added to a history by self-training
SEEN: Final = "seen"  # array<int>, items that are not listed again, where not all of them are
DISLIKED: Final = "disliked"  # array<int>, items that the user dislikes, of the history or not
HIDDEN: Final = "hidden"  # array<int>, items that must not be listed to the user
BOOST: Final = "boost"  # factor of an item's score
CATEGORY: Final = "category"  # string, of items; a list has at most so many ...
QUOTA: Final = "quota"  # ... of each
COUNT: Final = "count"  # how often something happened
SHOWN: Final = "shown"  # array<int>, items that were shown to the user and not taken
DEMOTION: Final = "demotion"  # array<float>, aligned with shown: the factor of each item's score
VECTOR: Final = "vector"  # array<float>, a factor of a user or an item

# --- dense ids ------------------------------------------------------------------------------------
INDEX: Final = "index"  # dense id, 0 .. n-1
SUPPORT: Final = "support"  # long, number of users who have the item

# --- sparse rows, see `graphrec.kernels.csr` ------------------------------------------------------
INDICES: Final = "indices"  # array<int>, the columns of a row's entries
DATA: Final = "data"  # array<float>, their values

# --- item pairs and ranked lists ------------------------------------------------------------------
NEIGHBOUR: Final = "neighbour"
TOGETHER: Final = "together"  # int, users who have both items, or items that both users have
AFTER: Final = "after"  # int, of these users, those who had the neighbour later
SUPPORT_ITEM: Final = "support_item"  # long, users who have the item
SUPPORT_NEIGHBOUR: Final = "support_neighbour"  # long, users who have the neighbour
RANK: Final = "rank"  # 1 .. k
SCORE: Final = "score"
RECOMMENDATIONS: Final = "recommendations"  # a user's list as an array of structs
BECAUSE: Final = "because"  # array of the history items that contributed most
SOURCE: Final = "source"  # what led to a list: the user's history, or popularity alone
HISTORY_SIZE: Final = "history_size"  # int, interactions that a list rests on; 0: popularity alone
PREDICTION: Final = "prediction"  # the score of a given (user, item)
RATING: Final = "rating"  # the score in ALSModel's schema
LABEL: Final = "label"  # array of a user's held-out items
