# Deskring 的文字，简体中文。用词与 Yeastar 手册一致。键与占位符必须和英文相同，由测试比较。

app-name = Deskring

## Calls

phase-ringing = 响铃中
phase-dialing = 呼叫中
phase-talking = 通话中
phase-held = 保持中
phase-over = 已结束

direction-inbound = 呼入
direction-outbound = 呼出
direction-internal = 内部通话
direction-unknown = 通话

outcome-answered = 已接听
outcome-missed = 未接
outcome-answered-elsewhere = 已由同事接听
outcome-voicemail = 语音留言
outcome-failed = 呼叫失败
outcome-not-seen = 未知：当时与 PBX 的连接已断开

caller-withheld = 号码已隐藏
caller-unknown = 未知号码
# 不向他人显示来电者时。
caller-hidden-inbound = 来电
caller-hidden-outbound = 呼出通话
caller-extension = 分机 { $number }
caller-several = { $count } 个匹配
call-path = 经由 { $path }
call-own-extension = 分机 { $extension }

who-not-asked = 未查找
who-searching = 正在查找联系人…
who-known = 已在 Zoho Desk 中找到
who-several =
    { $count ->
       *[other] 有 { $count } 个联系人使用此号码
    }
who-nobody = 未知号码：没有匹配的联系人
who-withheld = 来电者隐藏了号码
who-failed = 查找失败：{ $cause }

record-contact = 联系人
record-account = 客户

## What became of a call's tab

why-opened-by-rule =
    { $moment ->
        [answer] 应答时已弹屏
        [hangup] 通话结束时已弹屏
       *[ring] 响铃时已弹屏
    }
why-opened-by-agent = 已通过 Helpdesk 按钮打开
why-undecided = 等待弹屏
why-internal = 没有弹屏：内部通话
why-outbound = 没有弹屏：呼出通话
why-manual-mode = 没有弹屏：弹屏方式为手动
why-switched-off = 没有弹屏：来电弹屏已关闭
why-paused = 没有弹屏：来电弹屏已暂停
why-desk-disabled = 没有弹屏：Zoho Desk 集成已禁用
why-desk-not-set-up = 没有弹屏：尚未设置 Zoho Desk
why-number-withheld = 没有弹屏：号码已隐藏
why-number-not-reported = 没有弹屏：PBX 没有提供号码
why-no-match = 没有弹屏：没有匹配的联系人
why-several-matches =
    { $count ->
       *[other] 没有弹屏：有 { $count } 个联系人使用此号码
    }
why-lookup-failed = 没有弹屏：{ $cause }
why-answered-elsewhere =
    { $extension ->
        [none] 没有弹屏：已由他人接听
       *[other] 没有弹屏：已由分机 { $extension } 接听
    }
why-not-answered = 没有弹屏：通话未应答
why-ended-before-match = 没有弹屏：Zoho Desk 回复前通话已结束
why-opened-before-restart = Deskring 重新启动前已弹屏
why-address-refused = 没有弹屏：该地址不属于 Zoho Desk
why-browser-failed = 没有弹屏：浏览器无法启动
why-link-was-down = 没有弹屏：当时与 PBX 的连接已断开
why-call-not-reported = 没有弹屏：PBX 在通话结束后才上报此通话（请检查是否已监控该中继）

# 多个联系人或客户使用此号码，由坐席选择。
why-chosen = { $count } 个匹配，你选择了 { $name }
why-chosen-earlier = { $count } 个匹配；你之前选择了 { $name }

## Why the Helpdesk button is disabled

off-internal = 内部通话
off-number-not-reported = 尚无号码
off-address-refused = 地址被拒绝
off-several-matches = 多个联系人
off-no-match = 没有匹配的联系人
off-number-withheld = 号码已隐藏
off-desk-not-in-use = 未使用 Zoho Desk
off-no-call = 尚无通话

## Links

link-pbx = PBX
link-desk = Zoho Desk
link-state-not-set-up = 尚未设置
link-state-disabled = 已禁用
link-state-connecting = 正在连接…
link-state-up = 已连接
link-state-down = 无法连接
link-state-stopped = 需要处理
link-line = { $link }：{ $state }
link-retry =
    { $seconds ->
        [0] 正在重试…
       *[other] { $seconds } 秒后重试
    }

cause-name-not-found = 找不到主机名
cause-refused = 连接被拒绝
cause-timed-out = 响应超时
cause-unreachable = 网络不可用
cause-unknown-certificate = 未知证书
cause-changed-certificate = 证书已更改
cause-tls = 无法建立安全连接
cause-credentials = 客户端 ID 或密钥被拒绝
cause-address-blocked = PBX 已锁定本机地址
cause-address-not-allowed = 本机地址不在允许范围内
cause-too-many-tokens = API 令牌已全部占用
cause-token-expired = 会话已过期
cause-too-old = PBX 固件版本过低
cause-parameter = 参数被拒绝
cause-not-found = 未找到
cause-malformed = 无法识别的响应
cause-silent = 连接无响应
cause-closed = 连接已关闭
cause-handshake = 事件连接被拒绝
cause-signed-out = 授权已失效
cause-client-unknown = 客户端 ID 未知，或数据中心错误
cause-client-secret-wrong = 客户端密钥错误
cause-throttled = 授权请求过于频繁，请稍候
cause-missing-scope = 缺少权限
cause-other-organization = 组织不正确
cause-forbidden = 该客服专员没有权限
cause-edition-limit = 当前 Zoho Desk 版本不支持
cause-gone = 记录已不存在
cause-invalid = 值被拒绝
cause-bad-request = 请求被拒绝
cause-too-many-requests = 同时请求过多
cause-credits-exhausted = 已达到 Zoho 每日限额
cause-server-error = Zoho 发生故障
cause-answer-lost = 未收到响应
cause-other = 意外错误
cause-desk-not-ready = Zoho Desk 尚未连接
cause-desk-not-set-up = 尚未设置 Zoho Desk
cause-desk-disabled = Zoho Desk 集成已禁用
cause-not-running = Deskring 未运行
cause-pbx-address-missing = 缺少 PBX 地址
cause-pbx-address-wrong = PBX 地址不正确
cause-pbx-certificate-wrong = 受信任的证书不是有效的指纹
cause-pbx-client-id-missing = 缺少 PBX 客户端 ID
cause-pbx-secret-missing = 缺少 PBX 客户端密钥
cause-extension-missing = 尚未设置分机
cause-desk-address-wrong = Zoho Desk 地址不正确
cause-desk-client-id-missing = 缺少 Zoho 客户端 ID
cause-desk-secret-missing = 缺少 Zoho 客户端密钥
cause-desk-sign-in-missing = 请先向 Zoho Desk 授权
cause-keychain-locked = 密钥环已锁定
cause-keychain-failed = 无法读取密钥环
cause-consent-needed = 没有可存放密钥的密钥环
cause-set-by-environment = 密钥由环境变量设置
cause-secrets-file-not-private = 其他用户可以读取密钥文件
cause-secrets-file-malformed = 密钥文件已损坏
cause-secrets-file-unusable = 无法使用密钥文件
cause-invitation-wrong = 该链接不是网关邀请
cause-invitation-refused = 邀请码错误、已使用或已超过一天
cause-invitation-locked = 来自此网络的错误邀请码过多
cause-invitation-no-gateway = 该地址没有网关响应
cause-not-permitted = 网关不允许应用写入联系人；可由网关管理员开启
cause-set-by-policy = 已由管理员设置
cause-secret-empty = 没有输入内容
cause-secret-too-long = 内容过长，不是密钥
cause-settings-unreadable = 无法读取设置文件
cause-settings-malformed = 无法识别设置文件
cause-settings-newer = 设置由更新的版本写入
cause-settings-not-saved = 无法写入设置文件
cause-sign-in-refused = 你在浏览器中拒绝了授权
cause-sign-in-timed-out = 五分钟内未在浏览器中完成授权
cause-sign-in-cancelled = 已取消授权
cause-port-in-use = 浏览器返回端口被其他程序占用
cause-foreign-accounts-server = 浏览器从非 Zoho 的服务器返回
cause-redirect-not-registered = 重定向 URI 未在 Zoho API 控制台中登记
cause-no-refresh-token = Zoho 未给出长期授权，请重新授权
cause-code-expired = 浏览器返回太晚，请重新授权
cause-scope-unknown = Zoho 不认识其中一项权限
cause-address-refused = 不能从此处打开该地址
cause-not-saved = 无法写入文件
cause-not-opened = 无法打开文件夹
cause-no-ticket = 没有工单
cause-no-number = 没有可拨打的号码
cause-call-unknown = 已找不到此通话
cause-pbx-not-connected = PBX 未连接
cause-browsers-failed = 无法更改浏览器的程序列表
cause-links-failed = 无法更改系统的程序列表
cause-no-default-apps-page = 此系统没有已知的默认应用设置页面
cause-default-apps-failed = 无法打开默认应用设置页面
cause-journal-unusable = 无法使用通话记录
cause-too-long = 文字过长
cause-browser-failed = 浏览器未启动
cause-unknown-scheme = 这不是电话号码链接
cause-not-a-dial-link = 此链接不会呼叫任何号码
cause-not-a-number = 这不是电话号码
cause-several-numbers = 包含多个号码
cause-feature-code = 链接不能向 PBX 发送功能码
cause-bad-escape = 链接已损坏
cause-password = 不打开带密码的链接
cause-number-too-long = 号码超出 PBX 允许的长度
cause-too-many-dials = 链接请求的呼叫过多，请一分钟后再试
cause-no-extension = 没有可用于呼叫的分机
cause-dial-changed = 拨号方式已改变，请重新核对
cause-act-not-now = 当前无法对此通话执行该操作
cause-call-failed = PBX 无法发起呼叫
cause-not-allowed = 浏览器未被允许传递号码：请查看设置中的一键呼叫
cause-no-such-entry = 没有此记录
cause-entry-in-flight = 正在写入，请稍后再试
cause-entry-finished = 已写入或已放弃
cause-entry-blocked = 正在等待另一条记录，请先处理该记录
cause-entry-unreadable = 此记录已损坏
cause-field-not-editable = 不能在此修改该字段
cause-value-wrong = 值只能是文字、数字、true 或 false
cause-profile-in-use = 另一个 Deskring 正在使用此配置，但没有响应

## 呼叫为什么没有成功

failure-no-dial-permission = 你的分机无权拨打此号码。请联系管理员开通外呼权限。
failure-outbound-restricted = PBX 限制了外呼，此次呼叫已超出限制。请稍后再试，或联系管理员。
failure-congestion = 没有空闲线路。请稍后再试。
failure-do-not-disturb = 对方已开启免打扰。请稍后再试。
failure-unreachable = 线路无法接通。请稍后再试；若一直如此，请联系管理员。
failure-busy = 对方正在通话中。请稍后再试。
failure-not-found = 此号码不存在。请检查号码。
failure-gone = 此号码已停用。请查找新号码。
failure-timed-out = 对方未及时响应。请稍后再试。
failure-unavailable = 目前无法接通此号码。请稍后再试。
failure-incomplete = 号码不完整。请检查号码。
failure-declined = 对方拒接了来电。
failure-own-phone = 你自己的话机未接起，因此没有呼叫对方。请检查话机后重新呼叫。
failure-own-phone-busy = 你自己的话机正忙，因此没有呼叫对方。请先挂断话机再重新呼叫。
failure-own-phone-declined = 你自己的话机拒接了呼叫，因此没有呼叫对方。
failure-own-phone-do-not-disturb = 你自己的话机开启了免打扰，因此没有呼叫对方。请关闭免打扰后重新呼叫。
failure-own-phone-timed-out = 你自己的话机未接起，因此没有呼叫对方。话机振铃时请接听。
failure-own-phone-unreachable = 你自己的话机未连接，因此没有呼叫对方。请检查话机或重新登录，然后重新呼叫。
failure-in-words-of-pbx = PBX 的说明：{ $words }

## Click to call

dial-ask = 呼叫 { $who }？
dial-number = 拨出号码：{ $shown }
dial-ext = 接通后转分机 { $ext }
dial-keys = 接通后按 { $keys }
dial-abroad = 此号码属于其他国家或地区。
dial-by-link = 由链接发起。
dial-by-page = 由 { $host } 发起。
dial-by-clipboard = 来自复制或选中的内容。
dial-doubt-emergency = 这是紧急电话号码。
dial-doubt-feature-code = 这是 PBX 的功能码，不是电话号码。
dial-doubt-premium = 呼叫此号码的费用较高。
dial-doubt-shared-cost = 呼叫此号码的费用可能高于普通号码。
dial-doubt-satellite = 这是卫星电话号码，费用较高。
dial-doubt-every-call = 设置要求每次呼叫前确认。
dial-doubt-new-number = 从未呼叫过此号码。
dial-doubt-unseen = 请核对号码。
dial-waiting = PBX 连接后将呼叫 { $who }…
dial-dialing = 你的话机先响铃，然后呼叫 { $who }…
dial-failed = 未呼叫：{ $cause }
act-decline = 拒接
act-hang-up = 挂断
act-hold = 保持
act-resume = 恢复通话
act-transfer = 转移…
act-mute = 静音
act-unmute = 取消静音
dial-yes = 呼叫
dial-no = 不呼叫
dial-close = 关闭

## What is wrong with the settings

problem-missing = 未填写
problem-not-an-address = 不是网址
problem-not-encrypted = 必须以 https 开头
problem-user-info = 不能包含用户名
problem-not-digits = 必须为数字
problem-too-long = 过长
problem-duplicate = 重复
problem-not-a-country = 不是国家代码
problem-not-a-fingerprint = 不是 SHA-256 指纹
problem-not-a-time = 必须是时间，例如 08:30
problem-not-a-prefix = 必须为数字或 +
problem-not-a-shortcut = 必须是快捷键，例如 Ctrl+Alt+D
problem-does-not-fit = 与其他设置不符
problem-wrong-value = 的值无效
problem-locked = 由本机的策略文件设定
problem-unknown-key = 不是已知的设置
problem-secret-in-settings = 是密钥，不应写在此文件中
problem-settings-unreadable = 无法读取
problem-settings-malformed = 无法识别；继续使用上次有效的设置
problem-settings-newer = 由更新的版本写入
problem-journal-unusable = 无法使用：来电仍会弹屏，但不会被记录，也不会写入 Zoho Desk
problem-journal-newer = 由更新版本的 Deskring 写入，未作改动：来电仍会弹屏，但在更新 Deskring 之前不会被记录，也不会写入 Zoho Desk
problem-journal-read-only = 无法写入：来电仍会弹屏，但不会被记录，也不会写入 Zoho Desk。请允许写入配置文件夹，然后重新启动 Deskring
problem-journal-full = 因磁盘已满而无法写入：腾出空间后，此后的通话会补记
problem-journal-busy = 被其他程序占用：释放后，此后的通话会补记
problem-journal-damaged = 已损坏：请重新启动 Deskring，该文件将被另存并重新建立
problem-journal-was-damaged = 已损坏，并已另存；最近一天应写入 Zoho Desk 的内容会重新查找
problem-line = { $key }：{ $problem }

problem-autostart-failed = 无法在本机设置

## 授权结束时浏览器显示的页面

sign-in-title-success = 认证成功
sign-in-text-success = Deskring 已连接 Zoho Desk。可以关闭此页面。
sign-in-title-refused = 未授权
sign-in-text-refused = 你拒绝了授权，Deskring 未连接。如需重试，请在 Deskring 的设置中重新授权。
sign-in-title-failed = 认证失败
sign-in-text-failed = 无法使用 Zoho 的应答。原因和处理方法见 Deskring 的设置。
sign-in-title-stray = 此处无需操作
sign-in-text-stray = 此页面不属于正在进行的授权，可以关闭。

## The pop-up rule

popup-automatic =
    { $moment ->
        [answer] 应答时弹屏
        [hangup] 通话结束时弹屏
       *[ring] 响铃时弹屏
    }
popup-manual = 弹屏方式：手动
popup-off = 来电弹屏已关闭
popup-paused-until = 来电弹屏暂停至 { $time }
popup-paused = 来电弹屏已暂停
popup-pause = 暂停来电弹屏
popup-pause-minutes =
    { $minutes ->
       *[other] { $minutes } 分钟
    }
popup-pause-hours =
    { $hours ->
       *[other] { $hours } 小时
    }
popup-pause-open-ended = 直到手动恢复
popup-resume = 恢复来电弹屏

## The tray menu

tray-ready =
    { $count ->
        [0] Deskring
       *[other] Deskring · 分机 { $extensions }
    }
tray-call = { $phase }：{ $caller }
tray-calls =
    { $count ->
       *[other] { $count } 个通话
    }
tray-open-current = 在 Helpdesk 中打开
# 多个联系人使用此号码，子菜单中列出。
tray-choose = { $count } 个匹配：请选择联系人
tray-missed = { $count } 个未接来电
tray-create = 新建联系人…
# 未完成的表单。
tray-continue = 继续新建联系人：{ $who }
tray-tickets = { $count } 个未关闭的工单：{ $subject }
tray-ticket = 打开最近的工单
tray-call-back = 回拨
tray-wrap-up = 填写与 { $caller } 的通话备注…
tray-open-of = 在 Helpdesk 中打开：{ $caller }
tray-off = { $text }（{ $reason }）
tray-recent = 最近通话
tray-recent-none = 没有最近通话
tray-recent-call = { $time }  { $caller }
tray-dial = 拨号…
tray-call-again = 再次呼叫
tray-show = 显示窗口
tray-settings = 设置…
tray-check-failed = 检查发现问题：请查看设置
tray-not-written =
    { $count ->
       *[other] { $count } 条记录未写入 Desk…
    }
tray-quit = 退出 Deskring

## Notifications

notice-title = { $caller } 来电
notice-title-withheld = 来电，号码已隐藏
notice-open = 打开联系人
notice-choose = 选择…
notice-create = 新建联系人…
notice-failed = 操作未成功
notice-no-tray-title = Deskring 正在运行
notice-no-tray-body = 此桌面不显示托盘图标。再次启动 Deskring 即可打开窗口。
notice-stopped-title = Deskring 需要你处理
notice-settings-title = Deskring 无法启动
notice-settings-body = 设置无法使用。{ $detail }

## The window

panel-now = 当前
panel-no-call-title = 没有通话
panel-no-call =
    { $count ->
        [0] 来电会显示在这里。
       *[other] 分机 { $extensions } 的通话会显示在这里。
    }
panel-open = 在 Helpdesk 中打开
panel-open-off = 在 Helpdesk 中打开：{ $reason }
panel-open-call = 在 Helpdesk 中打开：{ $caller } 的联系人
panel-recent = 最近通话
panel-recent-empty = 最近 30 天的通话会列在这里。
panel-missed = { $count } 个未接
panel-seen-missed = 标记为已查看
panel-seen-missed-done = 未接来电已标记为已查看
panel-links = 连接
panel-settings = 设置
panel-problems =
    { $count ->
       *[other] { $count } 项设置需要处理
    }
panel-details = 详情
panel-waiting-title = 正在连接 Deskring…
panel-gone-title = Deskring 未运行
panel-gone = Deskring 重新运行后，通话会再次显示在这里。
panel-other-version-title = Deskring 已更新
panel-other-version = 请在托盘菜单中退出后重新启动。
panel-failed = 操作未成功：{ $cause }
panel-today = 今天
panel-yesterday = 昨天
panel-duration = { $minutes } 分 { $seconds } 秒
panel-call-news = { $phase }：{ $caller }
panel-version = 版本 { $version }

## 多个联系人或客户使用此号码：由坐席选择

chooser-heading = { $count } 个匹配：请选择联系人
# 列表上显示相应的数字。
chooser-keys = 按 1 至 { $count }，或 ↑ ↓ 和 Enter
chooser-filter = 输入姓名或公司
chooser-count = { $count } / { $all }
chooser-none-found = 没有匹配的姓名或公司。
chooser-nameless = 无姓名
# 显示在所选项旁，直到页面打开。
chooser-opening = 正在打开…
chooser-chosen = 正在打开 { $name }…
# 以往通话的按钮。
chooser-show = { $count } 个匹配：请选择
chooser-show-call = 选择此通话的联系人：{ $caller }
chooser-forget = 清除
chooser-forget-choice = 清除此选择
chooser-forget-why = 此号码下次通话时重新列出所有匹配
chooser-forget-call = { $action }：{ $name }，{ $number }
chooser-forgotten = 已清除：下次来电时重新选择

## How long things took, counted from the PBX's event

timing-notice = 通知 { $ms } 毫秒
timing-lookup = 查找 { $ms } 毫秒
timing-tab = 标签页 { $ms } 毫秒

## 未写入 Desk 的内容

# $who 是姓名或号码。
outbox-what-contact = { $who } 的新联系人
outbox-what-account = { $who } 的新客户
outbox-what-ticket = { $who } 的工单
outbox-what-call-activity = { $who } 的通话记录
outbox-what-other = { $who } 的记录

outbox-by-gateway = 由网关写入 Zoho Desk：新建联系人、工单、通话记录和联系人同步。此电脑上的 Deskring 只写入你手动创建的内容。
outbox-dry-run = 试运行：不会写入 Zoho Desk。历史记录中的每通电话会显示将写入的内容。
outbox-state-pending = 等待写入
outbox-state-claimed = 正在写入
outbox-state-unknown = 可能已写入，正在查找
outbox-state-sent = 已写入
outbox-state-wedged = 未写入
outbox-state-blocked = 等待另一条记录
outbox-state-discarded = 已放弃
outbox-state-dry = 试运行，未写入

# 未写入的原因。此处没有的，使用 cause 的文字。
outbox-why-invalid = Zoho Desk 不接受这些字段
outbox-why-no-department = 未选择部门
outbox-why-several-matches = 有多个联系人使用此号码
outbox-why-forbidden = 已授权的客服专员没有写入权限
outbox-why-missing-scope = 授权范围不包括此写入操作
outbox-why-signed-in-elsewhere = 属于另一个组织
outbox-why-unsure = 可能已写入 Zoho Desk
outbox-why-unreadable = 此记录已损坏
outbox-why-unknown-kind = 此版本的 Deskring 无法写入此类记录
outbox-why-bad-call-id = 通话的 ID 无法使用
outbox-why-pbx-not-known = 尚未获知是哪一台 PBX
outbox-why-not-in-edition = 当前 Zoho Desk 版本没有通话活动
outbox-why-no-scope = 授权范围不包括通话活动
outbox-why-not-permitted = 已授权的客服专员没有写入通话活动的权限
outbox-why-by-hand = 已手动放弃
outbox-why-parent-discarded = 所依赖的记录已放弃
outbox-why-interrupted = 写入过程中 Deskring 已结束
outbox-why-contact-gone = 联系人已被删除
outbox-why-no-contact = 没有对应的联系人
outbox-why-code = Zoho Desk 拒绝写入（{ $code }）

# 处理方法。
outbox-do-invalid = 修改这些字段后重新写入。
outbox-do-no-department = 请在设置中选择部门，然后重试。
outbox-do-several-matches = 请先选择此通话的联系人，然后重试；或在 Zoho Desk 中自行填写后放弃。
outbox-do-forbidden = 请调整该客服专员在 Zoho Desk 中的权限，然后重试。
outbox-do-missing-scope = 请重新向 Zoho Desk 授权并同意全部权限，然后重试。
outbox-do-signed-in-elsewhere = 请放弃，或重新授权原来的组织后重试。
outbox-do-edition-limit = 当前 Zoho Desk 版本不支持，请放弃。
outbox-do-gone = 所属的记录已在 Zoho Desk 中删除，请放弃。
outbox-do-unsure = 请在 Zoho Desk 中查看：已存在则放弃，不存在则重试。
outbox-do-unreadable = 请在 Zoho Desk 中自行填写，然后放弃。
outbox-do-other = 请重试。如再次被拒绝，请在 Zoho Desk 中自行填写后放弃。

outbox-field-missing = 必须填写“{ $label }”
outbox-field-invalid = 不接受“{ $label }”的内容
outbox-field-duplicate = “{ $label }”已被其他记录使用
outbox-field-other = “{ $label }”被拒绝
outbox-why-fields = { $why }：{ $fields }
outbox-not-written =
    { $count ->
       *[other] { $count } 条记录未写入 Zoho Desk
    }

## 命令行

cli-secret-prompt = 密钥（输入时不显示）：
cli-secret-kept =
    { $place ->
        [file] 密钥保存在仅你可读的文件中。
        [environment] 密钥由环境变量设置。
       *[keychain] 密钥保存在密钥环中。
    }
cli-sign-in-open = 请在本机浏览器中打开以下地址，并在五分钟内授权。如在其他电脑上操作，请先转发端口：ssh -L { $port }:localhost:{ $port }
cli-desk-signed-in = 已授权；Deskring 未运行
cli-disconnect-question = 此操作将撤销授权，并清除 Zoho Desk 的所有设置：坐席绑定、来电弹屏、新联系人、工单、通话记录和联系人同步。已同步到 PBX 的联系人会保留。是否继续？[y/N]
# 表示同意的回答，以空格分隔。
cli-yes = 是 y yes
cli-disconnected = 已断开 Zoho Desk 连接。
cli-nothing-done = 未做任何更改
cli-bound =
    { $count ->
        [0] 没有新的绑定
       *[other] 已绑定：{ $count }
    }
cli-ambiguous = { $who }：对应不止一个，请手动绑定
cli-bind-wrong = { $pair }：不是“分机=坐席”，或 Zoho Desk 中没有该坐席
cli-change-wrong = { $change }：不是“键=值”
cli-settings-good = 设置无误。
cli-connected = 已作为分机 { $extension } 连接。
cli-connect-certificate = 没有已知机构为此网关的证书担保。请将其 SHA-256 与管理员提供的比对；如果一致，请加上 --trust { $sha256 } 重新运行
cli-saved = 已保存。
cli-dial-yes-or-no = { $question }（y/n）
# What means yes, in small letters.
cli-dial-yes-words = y yes 是
cli-dial-not-a-terminal = 此处无法询问：请加上 --yes 重新运行
cli-outbox-none = 没有内容。
cli-outbox-row = { $key }：{ $what }（{ $state }）
cli-outbox-waits = 等待 { $key }
cli-outbox-written = 已在 Zoho Desk 中：{ $record }
cli-outbox-attempts =
    { $count ->
       *[other] 已尝试写入 { $count } 次
    }
cli-outbox-retried =
    { $count ->
        [0] 没有需要处理的记录。
       *[other] { $count } 条记录将重新写入。
    }
cli-outbox-edited = 已修改。如需写入：deskring-cli outbox retry { $key }
cli-outbox-discarded =
    { $count ->
       *[other] 已放弃 { $count } 条记录及依赖它们的记录。
    }
cli-outbox-waits-for-run = Deskring 运行时写入。

## The people known on this computer

index-off = 本机联系人：无
index-building = { $total ->
    [0] 本机联系人：已读取 { $people } 个，正在继续（今日 API 请求额度 { $spent } / { $budget }）
   *[other] 本机联系人：已读取 { $people } / { $total } 个，正在继续（今日 API 请求额度 { $spent } / { $budget }）
  }
index-fresh = 本机联系人：{ $people } 个，已是最新（今日 API 请求额度 { $spent } / { $budget }）
index-paused = 本机联系人：{ $people } 个，读取已暂停（今日 API 请求额度 { $spent } / { $budget }）
cause-index-budget = 今日的 API 请求额度已用完，明天继续
cause-few-credits = Zoho Desk 今日剩余的 API 请求额度不多，留给通话使用
cause-index-not-opened = 无法打开文件
cause-index-not-written = 无法写入文件
cause-no-index = 本机没有可重新读取的联系人，请先启用
cause-off = 已在设置中关闭

## Contact sync

sync-off = 联系人同步：已关闭
sync-idle = 联系人同步：通话中的联系人已同步到企业联系人群组“{ $phonebook }”
sync-copying = 联系人同步：正在将通话联系人同步到企业联系人群组“{ $phonebook }”
sync-running = 联系人同步：正在将全部联系人同步到企业联系人群组“{ $phonebook }”
sync-waiting = 联系人同步正在等待
sync-refused = 无法同步联系人
sync-step-looking = 正在查看企业联系人群组中的联系人
sync-step-copying = 正在同步
sync-step-tidying = 正在检查每个联系人是否只有一条
sync-round-running = 立即同步：正在进行
sync-round-stopped = 立即同步：已停止；再次开始时从此处继续
sync-round-done = 立即同步：已完成
sync-counts = 已写入 { $copied } 个，无变化 { $same } 个，未同步 { $skipped } 个，PBX 拒绝 { $failed } 个
sync-total = 已处理 { $done } / { $total } 个
sync-speed = 每分钟 { $count } 个
sync-queue = { $count ->
       *[other] { $count } 个通话联系人正在等待同步
    }
sync-credits = 今日剩余 Zoho Desk API 请求额度：{ $count }
not-synced-no-name = Zoho Desk 中未填写名字或姓氏
not-synced-no-number = Zoho Desk 中未填写电话号码
not-synced-taken = PBX 上的联系人已没有 Deskring 的备注，因此不再更改
not-synced-refused = 被 PBX 拒绝
cause-no-phonebooks = PBX 未向程序提供企业联系人群组：订阅服务或固件不支持此功能
cause-holds-everybody = 此企业联系人群组包含全部企业联系人；请选择一个空的企业联系人群组
cause-not-empty = 此企业联系人群组中有并非由 Deskring 添加的联系人；请选择一个空的企业联系人群组
cause-full = PBX 的企业联系人数量已达上限
cause-takes-nobody = PBX 不允许更改此企业联系人群组，例如它由其他系统同步；请选择一个空的企业联系人群组
cause-not-created = PBX 未能创建企业联系人群组；请在 PBX 上创建，然后在此处选择
cause-dry-run = 试运行已启用，也不会向 PBX 同步联系人
cause-not-connected = 未连接
cause-not-kept = 无法将进度写入本机磁盘
cause-sync-off = 联系人同步已关闭，或未选择企业联系人群组
cli-sync-started = 已开始立即同步。查看进度：deskring-cli sync status
cli-sync-stopped = 已停止立即同步。
cli-sync-none-left-out = 没有未同步的联系人。
