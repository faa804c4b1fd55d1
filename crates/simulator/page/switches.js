// What the right column offers: for each switch its key, its labels and how it is set. A control is
// ["key", English, Chinese, kind]; the kind is "yes" (checkbox), "number", "text", "optional" (empty = null) or
// a list of values. Buttons are [path, English, Chinese, body].
const status = { status: 503 };

export const groups = [
  { word: "pbxActions", buttons: [
    ["pbx/drop-sockets", "Drop sockets", "断开连接"], ["pbx/expire-tokens", "Expire access tokens", "令牌过期"],
    ["pbx/revoke-everything", "Revoke everything", "撤销全部令牌"], ["pbx/unblock", "Unblock address", "解除封锁"],
    ["pbx/stop", "Close port", "关闭端口"], ["pbx/start", "Open port", "打开端口"],
    ["pbx/mute", "Mute heartbeats", "不回心跳", { mute: "heartbeats" }],
    ["pbx/mute", "Mute everything", "全部静默", { mute: "everything" }],
    ["pbx/mute", "Unmute", "取消静默", { mute: "nothing" }],
    ["pbx/storm", "Storm (1,000/s, 5 s)", "事件风暴（每秒 1000，5 秒）", { frames_per_second: 1000, seconds: 5 }],
  ] },
  { word: "pbxEvents", side: "pbx", controls: [
    ["frame_mode", "30011 lists", "30011 内容", ["snapshot", "delta"]],
    ["bye_mode", "BYE frames", "BYE 帧", ["one_frame_per_party", "single_frame"]],
    ["message", "msg is", "msg 类型", ["string", "object"]],
    ["serial_number", "sn present", "包含 sn", "yes"],
    ["alert_frame", "ALERT alone first", "先发 ALERT", "yes"],
    ["ring_frames", "Queue rings", "队列振铃帧", ["together", "one_per_extension"]],
    ["hold_shown_by", "HOLD shown by", "HOLD 显示于", ["holder", "held", "both"]],
    ["cdr_frames", "30012 frames", "30012 帧数", "number"],
    ["cdr_before_bye", "30012 before BYE", "30012 先于 BYE", "yes"],
    ["duplicate_frames", "Frames twice", "重复帧", "yes"],
    ["reorder_frames", "Frames out of order", "乱序帧", "yes"],
    ["extension_monitor", "Extension monitor", "分机状态监控", "yes"],
    ["trunk_monitor", "Trunk monitor", "中继监控", ["full", "members_missing", "no_frames"]],
    ["control_inbound", "Control inbound (30016)", "呼入控制 (30016)", "yes"],
    ["transfer_keeps_call_id", "Transfer keeps call id", "转接保留通话 ID", "yes"],
    ["phone_answers_itself", "Phone answers a dial", "拨号自动接起", "yes"],
    ["hello_frame", "type 10000 first", "先发 10000 帧", "yes"],
  ] },
  { word: "pbxTokens", side: "pbx", controls: [
    ["token_seconds", "Access token, s", "访问令牌（秒）", "number"],
    ["refresh_seconds", "Refresh token, s", "刷新令牌（秒）", "number"],
    ["max_tokens", "Most tokens", "令牌上限", "number"],
    ["lockout_after", "Block after failures", "失败几次封锁", "number"],
    ["lockout_seconds", "Block, s", "封锁（秒）", "number"],
    ["get_token_invalidates", "get_token ends others", "get_token 使旧令牌失效", "yes"],
    ["refresh_kills_old_access", "Refresh ends old token", "刷新使旧令牌失效", "yes"],
    ["bad_token_at_connect", "Bad token at connect", "坏令牌连接", ["reject_handshake", "open_then_frame"]],
    ["expiry_on_socket", "Expiry on the socket", "连接中令牌过期",
      ["frame_then_close", "frame_then_silence", "silence"]],
    ["idle_seconds", "Idle close, s", "空闲断开（秒）", "number"],
  ] },
  { word: "pbxFaults", side: "pbx", controls: [
    ["http_fault", "HTTP answers", "HTTP 应答", ["none", "reset", "html", "garbage", { status: 500 }, status]],
    ["delay_ms", "Delay, ms", "延迟（毫秒）", "number"],
    ["ip_forbidden", "IP forbidden (70087)", "IP 禁止 (70087)", "yes"],
    ["empty_calls", "Idle call/query", "空闲 call/query", ["no_data", "code60001"]],
    ["cdr_time", "cdr/search times", "cdr/search 时间", ["epoch", "format"]],
    ["record_calls", "Record calls", "通话录音", "yes"],
  ] },
  { word: "deskActions", buttons: [
    ["desk/index-now", "Index now", "立即索引"], ["desk/expire-tokens", "Expire access tokens", "令牌过期"],
    ["desk/revoke", "Revoke the sign-in", "撤销登录"], ["desk/clear-faults", "Forget faults", "清除故障"],
    ["desk/stop", "Close ports", "关闭端口"], ["desk/start", "Open ports", "打开端口"],
  ] },
  { word: "deskFaults", faults: [
    "reset", { status: 500 }, status, "truncated_json", "html401", "too_many_requests",
    { credits_exhausted: { retry_after: 60 } }, "lost_answer", { delay: 5000 },
  ], side: "desk", controls: [
    ["delay_ms", "Delay, ms", "延迟（毫秒）", "number"], ["html_401", "401 as HTML", "401 为 HTML", "yes"],
    ["credits_left", "Credits left", "剩余额度", "number"],
    ["concurrency", "Most at once", "最大并发", "optional"],
  ] },
  { word: "deskOauth", side: "desk", controls: [
    ["consent", "Consent", "授权页", ["approve", "refuse", "ask_page"]],
    ["access_token_seconds", "Access token, s", "访问令牌（秒）", "number"],
    ["refreshes_per_window", "Refreshes in 10 min", "10 分钟刷新次数", "number"],
    ["throttle_status", "Throttle status", "限流状态码", [400, 200]],
    ["wrong_data_center", "Other data center", "其他数据中心", "yes"],
    ["token_endpoint_status", "Token endpoint answers", "令牌端点状态", "optional"],
  ] },
  { word: "deskRules", side: "desk", controls: [
    ["edition", "Edition", "版本", ["FREE", "EXPRESS", "STANDARD", "PROFESSIONAL", "ENTERPRISE"]],
    ["index_lag_seconds", "Index lag, s", "索引延迟（秒）", "number"],
    ["hide_mobile", "Hide mobile", "隐藏手机号", "yes"],
    ["hide_web_url", "Hide webUrl", "隐藏 webUrl", "yes"],
    ["calls_forbidden", "Calls forbidden", "禁止通话记录", "yes"],
    ["mandatory_ticket_field", "Mandatory ticket field", "工单必填字段", "text"],
    ["refuse_duplicate_email", "Refuse double e-mail", "拒绝重复邮箱", "yes"],
    ["org_id_required", "orgId required", "必须带 orgId", "yes"],
    ["strict_bodies", "Strict bodies", "严格校验", "yes"],
    ["list_base", "First row of lists", "列表起始", [1, 0]],
  ] },
];

// Whole calls played by themselves: [name, English, Chinese].
export const scenarios = [
  ["inbound_answered", "Inbound, answered", "呼入，已接听"], ["inbound_abandoned", "Inbound, caller gives up", "呼入，主叫放弃"],
  ["inbound_declined", "Inbound, declined", "呼入，拒接"], ["inbound_voicemail", "Inbound, voicemail", "呼入，语音信箱"],
  ["menu_then_extension", "Menu, then extension", "语音菜单后转分机"], ["queue_answered", "Queue, answered", "队列，已接听"],
  ["queue_answered_elsewhere", "Queue, answered elsewhere", "队列，他人接听"],
  ["queue_abandoned", "Queue, caller gives up", "队列，主叫放弃"], ["ring_group_answered", "Ring group, answered", "响铃组，已接听"],
  ["picked_up", "Picked up by a colleague", "同事代接"], ["forwarded", "Forwarded", "呼叫转移"],
  ["outbound_answered", "Outbound, answered", "呼出，已接听"], ["outbound_busy", "Outbound, busy", "呼出，对方忙"],
  ["dial_answered", "Dialled through the API", "通过 API 拨号"],
  ["dial_without_permission", "Dialled without permission", "无呼出权限"], ["internal", "Internal", "内部通话"],
  ["held", "On hold and back", "保持与恢复"], ["blind_transfer", "Blind transfer", "盲转"],
  ["attended_transfer", "Attended transfer", "咨询转接"], ["conference", "Conference", "会议"],
];
