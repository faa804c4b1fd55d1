# 设置窗口的文字，简体中文。用词与 Yeastar 手册一致。键与占位符必须和英文相同，由测试比较。

settings-title = 设置

## Sections

settings-nav-phone-system = 电话系统
settings-nav-zoho-desk = Zoho Desk
settings-nav-agents = 坐席与分机
settings-nav-pop-up = 来电弹屏
settings-nav-new-contacts = 创建新联系人
settings-nav-tickets = 工单
settings-nav-call-log = 通话记录
settings-nav-contact-sync = 联系人同步
settings-nav-click-to-call = 一键呼叫
settings-nav-notifications = 通知与隐私
settings-nav-general = 通用
settings-nav-doctor = 全面检查
settings-nav-setup = 设置向导

## Everywhere

settings-save = 保存
settings-saving = 正在保存…
settings-saved = 已保存
settings-saved-of = 已保存：{ $field }
settings-unsaved = 尚未保存
settings-undo = 撤销
settings-cancel = 取消
settings-copy = 复制
settings-copied = 已复制
settings-copy-failed = 未能复制
settings-refresh = 刷新
settings-again = 重试
settings-back = 上一步
settings-choose = 请选择…
settings-loading = 正在加载…
settings-open-page = 打开
settings-locked = 由管理员在 { $file } 中设置
settings-not-done = 操作未成功：{ $cause }。
settings-not-loaded = 无法加载设置
settings-gone = 重新运行前无法更改设置。已填写的内容会保留在这里。
settings-status = 状态
settings-department-needed = 请在 Zoho Desk 页面选择部门。未选择部门时不会写入任何内容。

## Phone system

settings-invitation-title = 连接到 { $gateway }？
settings-invitation = 有人打开了指向此网关的链接。连接后，你的通话信息将来自该网关。仅当链接由管理员提供、且这是公司的网关时才可连接。
settings-invitation-instead = 它将取代 { $address }。
settings-invitation-wrong-title = 此邀请无法使用
settings-invitation-connect = 连接
settings-invitation-connecting = 正在连接…
settings-invitation-later = 暂不连接
settings-invitation-done = 已作为分机 { $extension } 连接
settings-pbx-where = 在 PBX 管理网页中进入 应用对接 > API，启用 API，并复制客户端 ID 和客户端密钥。
settings-pbx-url = PBX 地址
settings-pbx-url-help = 与在浏览器中打开 PBX 时相同，包含端口。
settings-pbx-url-hint = https://pbx.example.com:8088
settings-pbx-client-id = 客户端 ID
settings-pbx-client-secret = 客户端密钥
settings-pbx-extensions = 我的分机
settings-pbx-extensions-help = Deskring 关注这些分机的通话。通常只有一个；多个分机用逗号分隔。
settings-pbx-extensions-hint = 1001
settings-certificate = 证书
settings-pbx-trusted-certificate = 受信任的证书（SHA-256）
settings-pbx-trusted-certificate-help = 仅用于使用自签名证书的 PBX。点击 测试 后会显示证书，你可以选择信任。
settings-gateways = 多个网关
settings-pbx-more-addresses = 其他地址
settings-pbx-more-addresses-help = 互为备用的网关地址，每行一个。Deskring 使用能响应的网关，无响应时切换到另一个。
settings-pbx-more-addresses-hint = https://gateway2.example.com:8443
settings-site-serves = 正在为此应用服务
settings-site-answers = 有响应
settings-numbers = 电话号码
settings-numbers-help = PBX 如何显示号码。据此，无论号码以何种格式书写，都能找到同一个联系人。
settings-numbers-country = 国家/地区
settings-numbers-area-code = 区号
settings-numbers-area-code-help = 用于不带区号的本地号码。不含开头的 0。
settings-numbers-outside-line-prefix = 外线前缀
settings-numbers-outside-line-prefix-help = 拨打外线号码前需要加拨的数字（如有）。
settings-try-number = 测试号码
settings-try-number-help = 按您输入的格式，或 PBX 显示的格式填写。
settings-try-dialed = 实际拨打
settings-try-read = 识别为
settings-try-forms = 在 Zoho Desk 中按以下格式查找
settings-try-internal = 这是 PBX 内部的号码。
settings-try-mobile = 手机号码。
settings-try-as-written = 规则无法识别此号码，将按原样拨打。

settings-secret-in-keychain = 已保存在密钥环中
settings-secret-in-file = 已保存在仅你可读的文件中
settings-secret-in-environment = 由环境变量设置
settings-secret-none = 尚未保存。
settings-secret-replace = 输入新的密钥即可替换。
settings-secret-fixed = 无法在此更改。
settings-secret-unknown = 无法得知是否已保存：{ $cause }。
settings-consent-title = 此电脑没有可用的密钥环。
settings-consent = 可以改为将密钥保存在文件中。只有你的用户账号可以读取该文件，但文件未加密：你启动的程序以及备份也能读取。
settings-consent-yes = 保存在文件中
settings-consent-no = 不保存

settings-test = 测试
settings-testing = 正在测试…
settings-test-passed = PBX 已响应
settings-test-failed = 测试未通过
settings-test-took = 用时 { $ms } 毫秒
settings-test-model = 型号
settings-test-firmware = 固件版本
settings-test-extension = 分机
settings-test-missing =
    { $count ->
       *[other] PBX 中没有此分机：{ $extensions }。
    }
settings-test-extension-monitor = 分机监控
settings-test-trunk-monitor = 中继监控
settings-monitor-on = 已启用
settings-monitor-off = 未启用
settings-monitor-unknown = PBX 未提供
settings-monitor-fix = 未启用监控时，PBX 不会上报通话。请在 PBX 中启用：应用对接 > API > 高级，选择你的分机和所有中继。

settings-certificate-trust = 信任此证书…
settings-certificate-trust-title = 是否信任此证书？
settings-certificate-trust-ask = 没有机构为此证书担保。仅当 SHA-256 与管理员提供的、或 PBX 安全 > 安全设置 > 证书 中显示的一致时才可信任。否则可能有人正在窃听。
settings-certificate-trust-yes = 信任
settings-certificate-replace = 信任新证书…
settings-certificate-replace-title = 是否信任新证书？
settings-certificate-replace-ask = PBX 出示的证书与你之前信任的不同。只有在刚刚更新证书之后才属正常。如果没有人更新过证书，可能有人介入了你与 PBX 之间的连接：请勿继续，并联系管理员。
settings-certificate-compared = 我已将新的 SHA-256 与管理员提供的进行比对，两者一致。
settings-certificate-subject = 颁发给
settings-certificate-issuer = 颁发者
settings-certificate-validity = 有效期
settings-certificate-reason = 不受信任的原因
settings-certificate-unknown-issuer = 颁发者未知
settings-certificate-wrong-name = 证书属于其他名称
settings-certificate-expired = 证书已过期
settings-certificate-not-yet-valid = 证书尚未生效
settings-certificate-other = 系统不信任此证书
settings-certificate-sha256 = SHA-256
settings-certificate-expected = 之前信任的证书
settings-certificate-shown = 当前出示的证书

## What to do about a cause

settings-fix-name-not-found = 请检查地址拼写。如果地址正确，则当前网络无法解析该名称：是否已连接公司网络或 VPN？
settings-fix-refused = 该端口没有服务。请检查端口；PBX 网页端口默认为 8088。
settings-fix-timed-out = 请检查地址和端口，以及是否有防火墙阻挡或未连接 VPN。
settings-fix-unreachable = 请检查此电脑的网络连接。
settings-fix-unknown-certificate = 没有已知机构为此 PBX 担保。信任前请比对 SHA-256。
settings-fix-changed-certificate = 这不是你信任的证书。除非管理员更新过证书，否则请勿继续。
settings-fix-tls = 响应的可能不是 PBX 的 HTTPS 端口。请检查端口，并确认地址以 https 开头。
settings-fix-credentials =
    { $tries ->
        [-1] 请在 PBX 的 应用对接 > API 中重新复制客户端 ID 和客户端密钥。
        [0] 请在 PBX 的 应用对接 > API 中重新复制客户端 ID 和客户端密钥。PBX 现已锁定此电脑，几分钟后自动解除。
       *[other] 请在 PBX 的 应用对接 > API 中重新复制客户端 ID 和客户端密钥。再错 { $tries } 次，PBX 将锁定此电脑。
    }
settings-fix-address-blocked = 多次错误后，PBX 已锁定此电脑（70004）。请等待 10 分钟，或请管理员在 PBX 安全 > 已阻止的 IP 地址 中解除。
settings-fix-address-not-allowed = PBX 只允许特定的电脑访问（70087）。请在 PBX 的 应用对接 > API > IP 地址限制 中添加此电脑。
settings-fix-too-many-tokens = PBX 最多允许八个访问令牌，现已全部占用（60002）。请关闭其他使用其 API 的程序，或等待半小时。
settings-fix-too-old = 请升级 PBX：软件版 83.21.0.66 或更高版本，硬件设备 37.7.0.16 或更高版本。
settings-fix-malformed = 响应的不是 PBX。请检查地址和端口。
settings-fix-not-found = PBX 未启用 API，或地址指向其他位置。请检查 应用对接 > API。
settings-fix-forbidden = 该账号没有权限。请联系 Zoho Desk 管理员。
settings-fix-handshake = 请在 PBX 的 应用对接 > API 中启用事件推送。
settings-fix-pbx-address-missing = 请填写地址并保存。
settings-fix-pbx-client-id-missing = 请填写客户端 ID 并保存。
settings-fix-pbx-secret-missing = 请填写客户端密钥并保存。
settings-fix-extension-missing = 请填写你的分机并保存。
settings-fix-invitation-wrong = 请向管理员重新索取链接，并完整复制。
settings-fix-invitation-refused = 请向管理员索取新的链接：deskring-gateway agent invite。
settings-fix-invitation-locked = 请等待几分钟，然后重新打开链接。
settings-fix-invitation-no-gateway = 请与管理员确认链接指向网关，且网关已更新。
settings-fix-keychain-locked = 请解锁此电脑的密钥环。
settings-fix-keychain-failed = 请启动桌面的密钥环服务，然后重试。
settings-fix-signed-out = 请重新授权。
settings-fix-desk-sign-in-missing = 请授权一次。
settings-fix-desk-client-id-missing = 请在 Zoho 注册应用程序，并填写客户端 ID。
settings-fix-desk-secret-missing = 请填写客户端密钥。
settings-fix-client-unknown = 请检查客户端 ID，并确认数据中心与注册应用程序时一致。
settings-fix-client-secret-wrong = 请在 Zoho API 控制台重新复制客户端密钥。
settings-fix-redirect-not-registered = 请在 Zoho API 控制台的应用程序中，原样添加此处显示的重定向 URI。
settings-fix-sign-in-refused = 请重新授权，并在浏览器中点击 接受。
settings-fix-sign-in-timed-out = 请重新授权。浏览器页面会等待五分钟。
settings-fix-port-in-use = 请关闭占用端口的程序或此电脑上的另一个 Deskring，然后重新授权。
settings-fix-foreign-accounts-server = 请检查数据中心。如果无误，请勿继续，并联系管理员。
settings-fix-no-refresh-token = 请在 Zoho 账号的已连接应用中移除 Deskring，然后重新授权。
settings-fix-missing-scope = 请使用具有管理员权限的 Zoho Desk 账号重新授权，并接受所有权限。
settings-fix-throttled = Zoho 要求暂停。请等待十分钟后再授权。
settings-fix-credits-exhausted = Zoho 的额度日结束后会自动恢复。
settings-fix-way-to-zoho = 请检查此电脑的网络和代理：需要能够访问 Zoho。
settings-fix-other-organization = 请在下方重新选择组织。

## Zoho Desk

settings-status-connected = 已连接
settings-status-disabled = 禁用
settings-status-sign-in-needed = 需要授权
settings-status-not-connected = 未连接
settings-status-unknown = 未知
settings-desk-enabled = 启用 Zoho Desk 集成
settings-desk-enabled-help = 禁用后所有设置保留，且不会访问 Zoho Desk。
settings-desk-writing = 试用
settings-desk-dry-run = 试运行
settings-desk-dry-run-help = 不会自动向 Zoho Desk 写入联系人、工单和通话记录；历史记录中的每通电话会显示将写入的内容。手动创建的内容仍会写入。
settings-desk-register = 授权信息
settings-desk-data-center = 数据中心
settings-desk-data-center-help = 你注册 Zoho 账号的区域。
settings-desk-data-center-us = 美国（zoho.com）
settings-desk-data-center-eu = 欧洲（zoho.eu）
settings-desk-data-center-in = 印度（zoho.in）
settings-desk-data-center-au = 澳大利亚（zoho.com.au）
settings-desk-data-center-jp = 日本（zoho.jp）
settings-desk-data-center-cn = 中国大陆（zoho.com.cn）
settings-desk-data-center-ca = 加拿大（zohocloud.ca）
settings-desk-data-center-sa = 沙特阿拉伯（zoho.sa）
settings-desk-data-center-sg = 新加坡（zoho.sg）
settings-desk-data-center-ae = 阿联酋（zoho.ae）
settings-desk-data-center-custom = 其他地址
settings-desk-accounts-url = 账户服务地址
settings-desk-accounts-url-hint = https://accounts.zoho.com
settings-desk-desk-url = Zoho Desk 地址
settings-desk-desk-url-hint = https://desk.zoho.com
settings-desk-client-type = 应用程序类型
settings-desk-client-type-server = Server-based Applications
settings-desk-client-type-server-help = 与手册一致。
settings-desk-client-type-desktop = Mobile-based Applications
settings-desk-client-type-desktop-help = 也用于桌面应用：授权时另由 PKCE 保护。
settings-desk-how = 如何在 Zoho 注册应用程序
settings-desk-console = Zoho API 控制台
settings-desk-step-console = 使用具有管理员权限的账号登录 Zoho API 控制台，点击 GET STARTED 或 ADD CLIENT。
settings-desk-step-type = 选择
settings-desk-step-addresses = 设置应用程序名称（除 _ 和 & 外不允许特殊字符），并粘贴以下地址：
settings-desk-step-client = 点击 CREATE，将生成的客户端 ID 和客户端密钥填写到此处：
settings-home-page = 主页地址
settings-redirect = 重定向 URI
settings-desk-client-id = 客户端 ID
settings-desk-client-secret = 客户端密钥
settings-sign-in = 授权
settings-save-and-sign-in = 保存并授权
settings-sign-in-waiting = 请在浏览器中点击 接受。此页面会自动继续。
settings-time-left = 剩余 { $time }
settings-open-again = 再次打开
settings-other-scopes = 浏览器显示“invalid scope”？
settings-other-scopes-do = 改用另一种权限名称
settings-desk-redirect-port = 浏览器返回端口
settings-desk-redirect-port-help = 仅当 53682 被其他程序占用时修改。端口是上面两个地址的一部分：保存后请重新登记。
settings-signed-in = 认证成功
settings-signed-in-next = 请选择组织和部门。
settings-desk-account = 账号
settings-me = 授权账号
settings-desk-organization-id = 组织
settings-desk-department-id = 部门
settings-desk-department-id-help = Deskring 写入的工单和通话所属的部门。
settings-disconnect = 取消对接…
settings-disconnect-title = 断开 Zoho Desk 连接
settings-disconnect-help = 用于不再使用或更换账号。如需暂停，请改为禁用 Zoho Desk 集成。
settings-disconnect-yes = 取消对接
settings-disconnect-goes = 以下内容将被撤销或清除：
settings-disconnect-goes-sign-in = 授权；Zoho 不再接受此电脑的访问
settings-disconnect-goes-client = 客户端 ID 和客户端密钥
settings-disconnect-goes-settings = 所有集成设置：组织、部门、绑定、来电弹屏、创建新联系人、工单、通话记录、联系人同步
settings-disconnect-stays = 以下内容将保留：
settings-disconnect-stays-phonebook = PBX 中同步的企业联系人群组以及联系人，此后变得可编辑
settings-disconnect-stays-desk = Zoho Desk 中的工单、通话和联系人
settings-disconnect-stays-pbx = 电话系统的设置和通话列表
settings-disconnected = Zoho Desk 对接已断开。

## Agents and extensions

settings-me-title = 我是谁
settings-me-unknown = 尚未查询 Zoho Desk 和 PBX。
settings-me-not-signed-in = 请先向 Zoho Desk 授权，Deskring 会推荐你的分机。你也可以自行选择。
settings-me-is = 你已向 Zoho Desk 授权：{ $name }（{ $email }）。
settings-me-extension = 我的分机
settings-me-proposed = 分机 { $extension } 很可能是你的分机。
settings-me-watched =
    { $count ->
        [0] 当前未关注任何分机。
       *[other] 当前关注的分机：{ $extensions }。
    }
settings-me-use = 使用此分机
settings-me-mine = 使用中
settings-no-extensions = 无法加载 PBX 分机：{ $cause }。
settings-no-agents = 无法加载 Zoho Desk 用户：{ $cause }。
settings-agents-table = 绑定 Zoho Desk 用户与 PBX 分机
settings-agents-help = 通话及其工单记录在接听分机所绑定的坐席名下。
settings-bind-email = 按电子邮箱自动绑定
settings-bind-extn = 按 Desk 分机自动绑定
settings-bound =
    { $count ->
        [0] 没有新的绑定。
       *[other] 已绑定 { $count } 个坐席。
    }
settings-ambiguous =
    { $count ->
       *[other] { $count } 项有多个匹配，未自动绑定：{ $names }。请手动选择。
    }
settings-unbound =
    { $count ->
       *[other] { $count } 个坐席尚未绑定分机：{ $names }
    }
settings-agents-filter = 查找坐席或分机
settings-agents-agent = 坐席
settings-agents-email = 电子邮箱
settings-agents-extn = Desk 中的分机
settings-agents-extension = PBX 分机
settings-agents-extension-of = { $agent } 的 PBX 分机
settings-agents-none = 无
settings-agents-taken = { $extension }（已绑定 { $agent }）
settings-agents-gone = 坐席 { $id } 在 Zoho Desk 中未启用
settings-agents-empty = Zoho Desk 中没有启用的坐席。
settings-agents-not-loaded = 点击 刷新，获取最新的 Zoho Desk 用户和 PBX 分机列表。
settings-agents-count =
    { $shown ->
        [0] { $count } 个坐席中没有匹配项。
       *[other] 显示 { $shown } 个，共 { $count } 个，已绑定 { $bound } 个。
    }

## Call pop-up

settings-popup-mode = 弹屏方式
settings-popup-mode-automatic = 自动（仅限来电）
settings-popup-mode-automatic-help = 在浏览器中自动打开联系人详情页。
settings-popup-mode-manual = 手动
settings-popup-mode-manual-help = 在通话中点击 Helpdesk 按钮，手动打开联系人详情页。
settings-popup-mode-off = 关闭
settings-popup-mode-off-help = 仍显示通话，但不会自动打开页面。
settings-popup-trigger = 触发事件
settings-popup-trigger-ring = 响铃
settings-popup-trigger-ring-help = 在接收到联系人的来电时触发弹屏。
settings-popup-trigger-answer = 应答
settings-popup-trigger-answer-help = 在应答联系人的来电后触发弹屏。
settings-popup-trigger-hangup = 通话结束
settings-popup-trigger-hangup-help = 在结束与联系人的通话后触发弹屏。

## New contacts

settings-new-contacts-on = 自动创建新联系人
settings-new-contacts-on-help = 不存在于联系人或客户中的号码会被创建。名称带有前缀 Automatic New Contact 或 Automatic New Account，后面附上号码。
settings-new-contacts-kind = 创建的联系人类型
settings-new-contacts-kind-contact = 联系人
settings-new-contacts-kind-account = 客户
settings-new-contacts-mode = 创建方式
settings-new-contacts-mode-automatic = 自动
settings-new-contacts-mode-automatic-help = 基于以下类型的通话自动创建。
settings-new-contacts-mode-manual = 手动
settings-new-contacts-mode-manual-help = 由你在通话中手动创建。
settings-new-contacts-call-types = 创建联系人的通话类型
settings-new-contacts-call-types-inbound = 呼入
settings-new-contacts-call-types-inbound-help = 接收到未知号码来电时。
settings-new-contacts-call-types-outbound = 呼出
settings-new-contacts-call-types-outbound-help = 呼出未知号码时。

## Tickets

settings-tickets-enabled = 自动创建工单
settings-tickets-enabled-help = 由于 Zoho Desk 自身规则限制，仅适用于联系人，不适用于客户。若启用了创建新联系人，也会为未知号码的通话创建工单。
settings-tickets-when = 创建工单的时间点
settings-tickets-when-before-call = 通话开始前
settings-tickets-when-before-call-help = 来电弹屏中可能无法立即显示新创建的工单。若未显示，请稍后刷新网页。
settings-tickets-when-after-call = 通话结束后
settings-tickets-when-after-call-help = 在与联系人的通话结束时创建。
settings-tickets-call-types = 创建工单的通话类型
settings-tickets-call-types-inbound = 呼入
settings-tickets-call-types-outbound = 呼出
settings-tickets-call-types-inbound-answered = 呼入已接听
settings-tickets-call-types-inbound-missed = 呼入未接听
settings-tickets-call-types-outbound-answered = 呼出已应答
settings-tickets-call-types-outbound-missed = 呼出未应答
settings-tickets-texts = 工单信息
settings-tickets-subject = 主题
settings-tickets-description = 描述

## Templates

settings-variables = 插入变量
settings-variable-time = 通话开始的时间
settings-variable-call-log-status = 通话结果
settings-variable-call-from = 主叫名称及号码
settings-variable-call-to = 被叫名称及号码
settings-variable-talk-duration = 通话时长
settings-variable-communication-type = 呼入、呼出或内部通话
settings-variable-call-status = 是否接听
settings-variable-call-from-number = 主叫号码
settings-variable-call-from-name = 主叫名称
settings-variable-call-to-number = 被叫号码
settings-variable-call-to-name = 被叫名称
settings-variable-ring-duration = 响铃时长
settings-variable-call-duration = 从开始到结束的总时长
settings-variable-did = 来电拨打的 DID 名称或号码
settings-variable-did-number = DID 号码
settings-variable-did-name = DID 名称
settings-variable-trunk = 中继
settings-variable-queue = 队列或响铃组
settings-variable-extension = 坐席的分机号码
settings-variable-agent = 坐席名称
settings-variable-recording = 录音
settings-variable-note = 坐席填写的备注
settings-variable-disposition = 坐席选择的结果
settings-variable-call-id = 电话系统中的通话 ID
settings-variable-starttimeunix = 通话开始时间，自 1970 年起的秒数，供函数使用
settings-preview-last-call = 预览：最近一次通话
settings-preview-example = 预览：示例
settings-preview-empty = 没有内容。
settings-flaw-at = 第 { $line } 行第 { $column } 列：{ $flaw }。
settings-flaw-with-suggestion = 第 { $line } 行第 { $column } 列：{ $flaw }。是否应为 { $suggestion }？
settings-flaw-more = 还有 { $count } 处错误。
settings-flaw-harmless = 内容仍会保存：未知变量的位置留空，其余按原文保留。
# What is wrong; parts of sentences.
settings-flaw-unclosed = 缺少两个右花括号
settings-flaw-empty = 花括号之间没有内容
settings-flaw-unknown-variable = 没有变量 { $written }
settings-flaw-unknown-function = 没有函数 { $written }
settings-flaw-open-quote = 缺少右引号
settings-flaw-unexpected = { $written } 在此处没有意义
settings-flaw-unsupported = 不支持 { $written }
settings-flaw-arguments = { $written } 的参数过少或过多
settings-flaw-no-condition = 缺少条件
settings-flaw-no-end = 缺少 end
settings-flaw-stray-else = else 之前没有 if
settings-flaw-stray-end = end 之前没有 if
settings-flaw-too-deep = 嵌套层数过多

## Call log

settings-call-log-enabled = 通话记录同步
settings-call-log-enabled-help = 仅在 Zoho Desk 标准版、专业版或企业版中支持；免费版没有通话活动。
settings-call-log-skip-missed-if-answered-elsewhere = 未接听的坐席不记录未接来电
settings-call-log-skip-missed-if-answered-elsewhere-help = 针对队列和响铃组来电，仅向接听坐席同步通话记录。
settings-call-log-texts = 通话记录信息
settings-call-log-subject = 主题
settings-call-log-description = 描述
settings-call-log-after = 通话结束后
settings-call-log-wrap-up = 询问备注和结果
settings-call-log-wrap-up-help = 通话结束后，可先填写结果再写入通话记录。
settings-call-log-dispositions = 可选的结果
settings-call-log-dispositions-help = 每行一个。

## Contact sync

settings-contact-sync-enabled = 自动同步联系人
settings-contact-sync-enabled-help = 单向同步：通话中匹配到的联系人会同步到 PBX。联系人的名字或姓氏、电话号码至少各填写一个。同步到 PBX 的联系人只能查看，不能编辑。
settings-contact-sync-module = 同步联系人的模块
settings-contact-sync-module-contacts = 联系人
settings-contact-sync-module-accounts = 客户
settings-contact-sync-phonebook = 同步到企业联系人群组
settings-contact-sync-phonebook-help = PBX 企业联系人群组的名称。联系人只能被同步到空的企业联系人群组；不存在时会新建。
settings-sync = 立即同步
settings-sync-help = 通话中的联系人会自动同步。在此可同步 Zoho Desk 中的全部联系人；可随时停止，之后从停止处继续，通话优先。
settings-sync-now = 立即同步
settings-sync-stop = 停止
settings-sync-left-out = 未同步的联系人
settings-sync-more = 还有更多：deskring-cli sync status --left-out
settings-sync-phonebook-count = { $name }（{ $count }）
settings-contact-sync-always-query = 始终查询Helpdesk
settings-contact-sync-always-query-help = 若禁用，仅在本机无匹配的联系人时才查询 Zoho Desk。启用会增加 API 请求数量，需要自行留意 API 请求额度：每次查询消耗 6 至 18，本机联系人不消耗。
settings-contact-sync-index = 本机联系人
settings-contact-sync-index-encrypted = 加密保存
settings-contact-sync-index-encrypted-help = 来电立即显示姓名，无法连接 Zoho Desk 时也可以。
settings-contact-sync-index-off = 不保存
settings-contact-sync-index-off-help = 文件会被删除，每通来电都查询 Zoho Desk。
settings-contact-sync-index-credits = 每天用于读取联系人的 API 请求额度
settings-contact-sync-index-credits-help = 读取 99 个联系人消耗 3。没有变化时，保持最新每天约消耗 96。
settings-index-rebuild = 重新读取全部
settings-index-rebuild-help = 清除本机联系人并重新读取，例如在 Zoho Desk 中删除了大量联系人之后。约消耗 { $credits } 个 API 请求额度。

## Click to call

settings-click-to-call-confirm = 拨号前询问
settings-click-to-call-confirm-always = 始终
settings-click-to-call-confirm-new-numbers = 仅对未拨打过的号码
settings-click-to-call-confirm-never = 从不
settings-click-to-call-confirm-never-help = 网页只需一次点击即可让你的电话拨号。
settings-click-to-call-international-prefix = 国际前缀
settings-click-to-call-international-prefix-help = PBX 要求加在国家代码之前的号码。
settings-click-to-call-international-prefix-hint = 00
settings-click-to-call-shortcut = 快捷键
settings-click-to-call-shortcut-help = 在任何程序中拨打选中的号码。请直接按下按键。
settings-click-to-call-shortcut-hint = Ctrl+Alt+D
settings-click-to-call-allow-native-messaging = 允许浏览器扩展拨号
settings-click-to-call-allow-native-messaging-help = 仅限你浏览器中的 Deskring 扩展。

settings-links = 电话链接
settings-links-help = 点击邮件或网页中的电话号码时，系统会启动为此类链接（tel:）选定的程序。Deskring 绝不会自行成为该程序。
settings-links-ours = 点击电话号码将启动 Deskring。
settings-links-elsewhere = 点击电话号码将启动 { $program }。
settings-links-nobody = 点击电话号码不会启动任何程序。
settings-links-unknown = 此系统不提供点击电话号码会启动哪个程序的信息。
settings-links-how = 如需通过 Deskring 呼叫，请在系统的默认应用设置中为电话链接（tel:）选择 Deskring。
settings-links-command = 或在终端中输入
settings-links-page = 打开系统的默认应用设置
settings-links-offer = 将 Deskring 列为候选程序
settings-links-offer-help = 此 Deskring 并非通过软件包安装，因此系统尚未将其列入可选程序。
settings-links-offered = 系统现已列出 Deskring。

settings-shortcut-taken = 这些按键已被其他程序占用，在此无效。请选择其他按键。
settings-shortcut-unusable = 此桌面不允许程序使用这些按键。请选择其他按键。
settings-shortcut-wayland = 在 Wayland 上，程序不能占用按键。请在桌面自带的键盘设置中为以下命令设置按键：deskring --dial-selection

settings-browsers = 浏览器扩展
settings-browsers-help = 浏览器知道 Deskring 的位置后，Deskring 扩展即可将号码直接交给 Deskring。仅允许 Deskring 扩展接入。
settings-browsers-user = { $browser }：已为你设置
settings-browsers-system = { $browser }：已为此电脑的所有用户设置
settings-browsers-elsewhere = { $browser }：启动的是其他程序（{ $program }）
settings-browsers-no = { $browser }：未设置
settings-browsers-none = 未找到 Deskring 支持的浏览器。
settings-browsers-off = 浏览器已设置，但上方的号码传递功能处于关闭状态。
settings-browsers-offer = 设置我的浏览器
settings-browsers-withdraw = 从我的浏览器中移除
settings-browsers-offered = 你的浏览器现在可以启动 Deskring。
settings-browsers-withdrawn = 你的浏览器不再启动 Deskring。
settings-browser-chromium = Chromium
settings-browser-chrome = Google Chrome
settings-browser-edge = Microsoft Edge
settings-browser-firefox = Firefox

## Notifications and privacy

settings-notifications-level = 来电通知
settings-notifications-level-quiet = 安静
settings-notifications-level-quiet-help = 无声音，稍后自动消失。
settings-notifications-level-normal = 普通
settings-notifications-level-normal-help = 与此桌面的其他通知相同。
settings-notifications-level-insistent = 持续
settings-notifications-level-insistent-help = 一直显示，直到来电被应答或结束。
settings-privacy = 隐私
settings-notifications-caller = 通知显示的内容
settings-notifications-caller-name = 姓名和号码
settings-notifications-caller-masked-number = 号码末尾几位
settings-notifications-caller-hidden = 仅提示有来电
settings-notifications-caller-hidden-help = 适用于共享屏幕和录屏。
settings-quiet-hours = 免打扰时段
settings-quiet-hours-help = 每天生效，以此电脑的时钟为准。时段内通知保持安静。两项都留空表示不设置。
settings-notifications-quiet-from = 开始
settings-notifications-quiet-until = 结束
settings-quiet-from-hint = 22:00
settings-quiet-until-hint = 08:00

## General

settings-general-name-order = 姓名显示格式
settings-general-name-order-help = 与 PBX 的“姓名显示格式”保持一致。自动：中文姓名先姓后名，其他先名后姓。
settings-general-name-order-automatic = 自动
settings-general-name-order-first-last = 名 姓
settings-general-name-order-last-first = 姓 名
settings-general-name-order-last-first-joined = 姓名（不含空格）
settings-general-language = 语言
settings-general-language-system = 跟随系统
settings-general-language-en = English
settings-general-language-zh-CN = 简体中文
settings-general-start-at-login = 登录时启动
settings-general-start-at-login-help = Deskring 在托盘中等待你的来电。
settings-transfer = 转移设置
settings-transfer-help = 导出的设置不含密钥和授权。在另一台电脑上导入后，请在那里授权。
settings-export = 导出…
settings-import = 导入…
settings-exported = 已写入 { $path }
settings-imported = 设置已导入。
settings-import-unreadable = 此文件不包含设置。
settings-import-refused = 未导入任何内容：
settings-about = 关于 Deskring
settings-version = 版本
settings-logs = 日志
settings-profile = 设置与通话
settings-open-folder = 打开文件夹
settings-doctor-help = 检查网络、PBX、Zoho Desk 和此桌面，并说明如何解决问题。
settings-setup-help = 电话系统、Zoho Desk、你的分机，以及一次试用通话。

## Check everything

settings-doctor-run = 全面检查
settings-doctor-again = 重新检查
settings-doctor-running = 正在检查…
settings-doctor-copy = 复制报告
settings-doctor-none = 尚未检查。
settings-doctor-quick = 唤醒或网络变化后发现的问题：
settings-doctor-summary =
    { $fail ->
        [0] { $warn ->
            [0] 一切正常。
           *[other] { $warn } 项需要留意，{ $ok } 项正常。
        }
       *[other] { $fail } 项存在故障，{ $warn } 项需要留意，{ $ok } 项正常。
    }
settings-finding-ok = 正常
settings-finding-warn = 请留意
settings-finding-fail = 故障
settings-finding-skipped = 未检查

## Guided set-up

settings-steps = 步骤
settings-step-telephone = 电话系统
settings-step-telephone-help = 连接 Deskring 与 PBX。点击 测试 查看 PBX 是否响应。
settings-step-desk = Zoho Desk
settings-step-desk-help = 先在 Zoho 注册一个应用程序，然后授权。
settings-step-me = 我是谁
settings-step-me-help = 告诉 Deskring 哪个分机是你的。
settings-step-try = 试一试
settings-step-try-help = 请他人拨打你的分机，查看实际效果。
settings-step-done = 已完成
settings-next = 继续
settings-next-anyway = 仍然继续
settings-save-and-next = 保存并继续
settings-finish = 完成
settings-setup-leave = 退出向导
settings-try-title = 现在拨打你的电话
settings-try =
    { $count ->
        [0] 请用另一部电话拨打你的分机，最好使用 Zoho Desk 联系人的号码。
       *[other] 请用另一部电话拨打分机 { $extensions }，最好使用 Zoho Desk 联系人的号码。
    }
settings-try-not-ready = 尚未就绪
settings-try-not-ready-help = 需要先接通上方的两个连接。请返回尚未完成的步骤。
settings-try-help = 你可以随时回到这里：通用 > 设置向导。
settings-try-rang = PBX 已上报此通话
