"""The rules of the two-way claim, and its glossary. Standard library only.

need        需求      what a neighbourhood, a unit or a platform lacks
offer       资源      what somebody has to give: service, venue, people, goods, money
claim       认领      one handshake about a need, an offer or both; either side proposes, the other answers
project     项目      what an accepted claim becomes: delivered, confirmed, fed back, evaluated
unit        驻区单位  an organisation stationed in the district
committee   居民区    the committee of a neighbourhood; its organisation id is the neighbourhood's area id
area        区域      a node of the dated tree: district 区, street 街道, cluster 片区, neighbourhood 居民区, grid 网格
provider    提供方    the side of a claim that gives          receiver 接收方  the side that gets
lead        牵头单位  the member of a joint claim who speaks for all     member 成员单位
line        明细      {kind, quantity, unit}: what and how much of it
window      时段      when: a span, or weekly slots between two days     occurrence 场次  one of them
held        占用      reserved by a proposal      committed 已认领  promised      delivered 已交付  given and confirmed
cover       覆盖率    committed and delivered in per cent of what is needed
wait list   候补      claims that came when the need was already covered, in order
counter     还价      an answer that changes lines or window
release     解除      the end of an accepted claim before delivery    reinstatement 恢复  its undoing, if both agree
feedback    反馈      telling the asker what came of it               evaluation 评价
rule book   规则书    the versioned document a district runs by; its digest is cited by every event
ledger      总账      all events in one order, sealed by a Merkle tree    position 序位  an event's number in it
suggestion  推荐      what the matcher tells an organisation of: an item of somebody else that fits one of its own
duty        责任      something owed by a day (later)                 round 配对轮次  one run of the matcher
"""
