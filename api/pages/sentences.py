"""One sentence for every kind of event, in both languages; what people wrote themselves is never part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.pages.shown import amounts
from api.pages.words import Tongue
from domain.delegation import GROUNDS

# TYPE -> (Chinese, English, tone of its dot); {…} is filled by `_values`
SENTENCES: dict[str, tuple[str, str, str]] = {
    "area.opened": ("设立区域", "Area opened", "new"),
    "area.renamed": ("区域更名", "Area renamed", "new"),
    "area.moved": ("区域调整隶属", "Area moved", "new"),
    "area.closed": ("区域撤并", "Area closed", "off"),
    "unit.registered": ("单位登记", "Unit registered", "new"),
    "unit.admitted": ("单位加入区域", "Unit joined an area", "new"),
    "unit.dismissed": ("单位离开区域", "Unit left an area", "off"),
    "unit.suspended": ("单位暂停参与", "Unit suspended", "off"),
    "unit.resumed": ("单位恢复参与", "Unit resumed", "new"),
    "unit.limited": ("调整同时承接的上限", "Limit of engagements at once changed", "new"),
    "rules.adopted": ("启用规则书", "Rule book adopted", "new"),
    "rules.emergency_declared": ("启用应急匹配规则", "Emergency declared: matching goes by the emergency rules", "bad"),
    "rules.emergency_lifted": ("结束应急状态", "Emergency lifted", "done"),
    "rules.policy_drafted": ("起草匹配规则", "Matching rules drafted", "new"),
    "rules.policy_compared": ("草案与现行匹配规则作了比较", "The draft was compared with the matching rules in force", "new"),
    "rules.policy_dropped": ("匹配规则草案了结", "The draft of the matching rules was settled", "off"),
    "need.drafted": ("起草需求", "Need drafted", "off"),
    "need.posted": ("发布需求", "Need posted", "open"),
    "need.endorsed": ("街道审核通过，开放认领", "Endorsed by the street, open to claims", "open"),
    "need.rejected": ("街道审核未通过", "Not endorsed by the street", "off"),
    "need.amended": ("修改{fields}", "Amended: {fields}", "new"),
    "need.committed": ("{provider}认领{amounts}", "{provider} commits {amounts}", "bound"),
    "need.uncommitted": ("{provider}的认领解除，退回{amounts}", "{provider}'s claim ends; {amounts} open again", "off"),
    "need.delivered": ("确认收到{provider}交付的{amounts}", "Confirmed: {amounts} delivered by {provider}", "done"),
    "need.fed_back": ("向提出人反馈结果", "Result fed back to the asker", "done"),
    "need.closed": ("办结", "Closed", "shut"),
    "need.withdrawn": ("提出方撤回", "Withdrawn by its owner", "off"),
    "need.merged": ("并入另一条需求", "Merged into another need", "off"),
    "need.lapsed": ("时段已过，自动失效", "Its time has passed; lapsed", "off"),
    "need.reopened": ("重新开放认领：{cause}", "Open to claims again: {cause}", "open"),
    "offer.drafted": ("起草资源", "Offer drafted", "off"),
    "offer.published": ("发布资源", "Offer published", "open"),
    "offer.amended": ("修改{fields}", "Amended: {fields}", "new"),
    "offer.paused": ("暂停认领", "Paused", "off"),
    "offer.resumed": ("恢复认领", "Resumed", "open"),
    "offer.held": ("收到认领，预留{amounts}", "A claim came in; {amounts} held", "new"),
    "offer.hold_released": ("认领未成，释放{amounts}", "The claim came to nothing; {amounts} free again", "off"),
    "offer.committed": ("{receiver}的认领成立：{amounts}", "Claim of {receiver} accepted: {amounts}", "bound"),
    "offer.commitment_released": ("认领解除，退回{amounts}", "Claim released; {amounts} free again", "off"),
    "offer.delivered": ("确认交付{amounts}", "Confirmed: {amounts} delivered", "done"),
    "offer.retired": ("下架，不再接受认领", "Retired: no new claims", "shut"),
    "offer.expired": ("时段已过，自动过期", "Its time has passed; expired", "off"),
    "claim.proposed": ("{proposer}提出认领：{amounts}", "{proposer} proposes: {amounts}", "open"),
    "claim.waitlisted": ("需求已认满，列入候补", "The need is covered; on the wait list", "new"),
    "claim.promoted": ("由候补转为待答复", "Promoted from the wait list", "open"),
    "claim.countered": ("{by}还价：{amounts}", "{by} counters: {amounts}", "new"),
    "claim.accepted": ("{by}接受", "{by} accepts", "bound"),
    "claim.declined": ("{by}谢绝", "{by} declines", "off"),
    "claim.withdrawn": ("{by}撤回认领", "{by} withdraws", "off"),
    "claim.expired": ("逾期未答复，自动失效", "Not answered in time; expired", "off"),
    "claim.superseded": ("已被替代：{cause}", "Superseded: {cause}", "off"),
    "claim.released": ("{by}解除认领", "{by} releases the claim", "off"),
    "claim.failed": ("未能履约：{cause}", "Failed: {cause}", "bad"),
    "claim.fulfilled": ("认领完成，确认{amounts}", "Fulfilled: {amounts} confirmed", "done"),
    "claim.reinstated": ("{by}认为解除有误，要求恢复", "{by} says the release was a mistake", "new"),
    "claim.member_invited": ("邀请{org}联合认领：{amounts}", "{org} invited to join: {amounts}", "new"),
    "claim.member_joined": ("{org}加入联合认领", "{org} joins", "bound"),
    "claim.member_declined": ("{org}谢绝加入", "{org} declines to join", "off"),
    "claim.member_left": ("{org}退出联合认领", "{org} leaves", "off"),
    "claim.lead_changed": ("{org}成为牵头单位", "{org} takes the lead", "new"),
    "round.opened": ("开始统一匹配，第 {wave} 轮", "A round of matching begins, wave {wave}", "new"),
    "round.pair_pinned": ("指定一对", "A pair is pinned", "new"),
    "round.pair_prohibited": ("排除一对", "A pair is ruled out", "off"),
    "round.computed": ("算出方案", "Computed", "open"),
    "round.published": ("{by}公布方案，请双方答复", "{by} publishes it: both sides are asked", "bound"),
    "round.discarded": ("放弃这一轮", "Discarded", "off"),
    "round.pair_proposed": ("一对已向双方提出", "A pair is proposed to both sides", "open"),
    "round.pair_dropped": ("一对未能提出（{code}）", "A pair could not be proposed ({code})", "off"),
    "suggestion.issued": ("向{to}推荐，匹配 {points} 分", "Suggested to {to}: fits with {points} of 100", "new"),
    "project.opened": (
        "立项：{provider}为{receiver}提供{amounts}", "Opened: {amounts} from {provider} for {receiver}", "bound",
    ),
    "project.milestone_planned": ("计划第 {milestone} 个节点", "Milestone {milestone} planned", "new"),
    "project.milestone_met": ("完成第 {milestone} 个节点", "Milestone {milestone} met", "done"),
    "project.milestone_slipped": ("第 {milestone} 个节点延期", "Milestone {milestone} slipped", "off"),
    "project.delivery_reported": ("{by}报告交付{amounts}", "{by} reports {amounts} delivered", "open"),
    "project.delivery_confirmed": ("{by}确认收到{amounts}", "{by} confirms {amounts}", "done"),
    "project.disputed": ("{by}提出异议", "{by} disputes", "bad"),
    "project.settled": ("争议裁定：{outcome}", "Settled: {outcome}", "done"),
    "project.funds_received": ("资金到账 {money}", "{money} received", "bound"),
    "project.funds_spent": ("资金支出 {money}", "{money} spent", "bound"),
    "project.result_fed_back": ("{by}反馈结果", "{by} feeds the result back", "done"),
    "project.evaluated": ("{role}评价：{score} 分", "Evaluated by the {role}: {score} of 5", "done"),
    "project.closed": ("项目办结", "Project closed", "shut"),
    "project.aborted": ("项目中止", "Project aborted", "off"),
    "objection.raised": ("{org}对代办提出异议：{ground}", "{org} objects to what was done in its name: {ground}", "bad"),
}  # fmt: skip

# values that are themselves words: field name -> value -> (Chinese, English)
CAUSES: dict[str, tuple[str, str]] = {
    "released": ("认领已解除", "a claim was released"), "failed": ("对方未能履约", "a claim failed"),
    "partial": ("只交付了一部分", "only a part was delivered"), "member_left": ("联合成员退出", "a member left"),
    "owner": ("提出方要求", "its owner asked"), "covered": ("需求已认满", "the need is covered"),
    "need_withdrawn": ("需求已撤回", "the need was withdrawn"), "need_merged": ("需求已合并", "the need was merged"),
    "need_lapsed": ("需求已失效", "the need has lapsed"), "need_closed": ("需求已办结", "the need is closed"),
    "offer_retired": ("资源已下架", "the offer was retired"), "offer_expired": ("资源已过期", "the offer has expired"),
    "not_delivered": ("没有交付", "not delivered"), "settled": ("经裁定未交付", "settled as not delivered"),
    "resumed": ("继续实施", "goes on"), "delivered": ("视为已交付", "counts as delivered"),
    "provider": ("提供方", "provider"), "receiver": ("接收方", "receiver"), "resident": ("居民", "resident"),
}  # fmt: skip
FIELDS: dict[str, tuple[str, str]] = {
    "title": ("标题", "title"), "note": ("说明", "note"), "lines": ("明细数量", "quantities"),
    "urgency": ("紧急程度", "urgency"), "windows": ("时段", "windows"), "beneficiaries": ("惠及人数", "beneficiaries"),
    "respond_by": ("答复期限", "answer date"), "skill": ("所需技能", "skill"), "group": ("面向的居民群体", "group of residents"),
    "vulnerable": ("是否面向困难群体", "for people in difficulty"), "skills": ("会的技能", "skills"),
    "groups": ("只面向的居民群体", "groups of residents"), "minimum": ("起领数量", "least claim"),
}  # fmt: skip

Named = Callable[[str], str]  # id -> name


def sentence(entry: Mapping[str, Any], named: Named, say: Tongue) -> str:
    """What happened, for everybody to read. An unknown TYPE (of a newer version) stands for itself."""
    known = SENTENCES.get(entry["type"])
    if known is None:
        return str(entry["type"])
    return (known[0] if say.lang == "zh" else known[1]).format_map(_Values(entry["data"], named, say))


def dot(entry: Mapping[str, Any]) -> str:
    return SENTENCES.get(entry["type"], ("", "", "off"))[2]


def people_in(entry: Mapping[str, Any]) -> Sequence[str]:
    """Ids of organisations that its sentence names."""
    data = entry["data"]
    found = [data.get(field) for field in ("provider", "receiver", "by", "org", "to")]
    return [org for org in (*found, (data.get("proposed_by") or {}).get("org")) if org]


class _Values(dict[str, str]):
    """The values of a sentence, made when they are asked for."""

    def __init__(self, data: Mapping[str, Any], named: Named, say: Tongue) -> None:
        super().__init__()
        self._data, self._named, self._say = data, named, say

    def __missing__(self, name: str) -> str:
        data, say = self._data, self._say
        match name:
            case "amounts":
                lines = data.get("amounts") or data.get("lines") or data.get("terms", {}).get("lines")
                return amounts(lines or (), say)
            case "provider" | "receiver" | "by" | "org" | "to":
                return self._named(data[name]) if data.get(name) else say("有关方")
            case "proposer":
                return self._named(data["proposed_by"]["org"])
            case "cause" | "outcome" | "role":
                return _pick(CAUSES, str(data.get(name)), say)
            case "ground":
                return _pick(GROUNDS, str(data.get(name)), say)
            case "fields":
                changed = [_pick(FIELDS, field, say) for field in FIELDS if data.get(field) is not None]
                return (say("、").join(changed)) or say("内容")
            case "points":
                return str(data.get("score", 0) // 10)
            case "money":
                return amounts([{"kind": "", "unit": "分", "quantity": data["amount_fen"]}], say)
        return str(data.get(name, ""))


def _pick(words: Mapping[str, tuple[str, str]], value: str, say: Tongue) -> str:
    return words.get(value, (value, value))[0 if say.lang == "zh" else 1]
