"""Matching: hard rules, a legible score, suggestions at once, and rounds that are exact, fair and provable. Integers only.

snapshot    快照    what the matcher knows at a ledger position: open needs and offers, units, committees
candidate   候选    a need and an offer that pass every hard rule, with what could be given, when, and the score
points      分      a thousandth of the whole: the score is 0–1000, its eight parts add up to it
ticket      签号    16 bits drawn from the pair and the round: makes the best solution the only one
pair        配对    a candidate that a round proposes          unserved 未配上  a need that it leaves without
certificate 证书    prices of all nodes: proof that no better solution exists, checked without a solver
wave        补配    a round after answers: what was declined is solved again
"""
