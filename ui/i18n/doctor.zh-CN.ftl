# 全面检查的文字，简体中文：检查项目（doctor-check）、结果（doctor）、处理方法（doctor-fix）。用词与 Yeastar 手册一致。
# 键与占位符必须和英文相同，由测试比较。`system` 为 `pbx` 或 `desk`。

## 检查项目

doctor-check-settings = 设置
doctor-check-policy = 策略文件
doctor-check-keychain = 密钥环
doctor-check-notifications = 通知
doctor-check-tray = 托盘图标
doctor-check-tel-links = 电话链接
doctor-check-autostart = 登录时启动
doctor-check-pbx-settings = PBX 设置
doctor-check-pbx-name = PBX 域名
doctor-check-pbx-reach = PBX 连接
doctor-check-pbx-certificate = PBX 证书
doctor-check-pbx-credentials = PBX 认证
doctor-check-pbx-rights = PBX 权限
doctor-check-pbx-firmware = PBX 固件版本
doctor-check-pbx-clock = PBX 时钟
doctor-check-pbx-extensions = PBX 上我的分机
doctor-check-pbx-extension-monitor = PBX 分机监控
doctor-check-pbx-trunk-monitor = PBX 中继监控
doctor-check-pbx-events = PBX 事件推送
doctor-check-desk-settings = Zoho Desk 设置
doctor-check-proxy = Zoho Desk 代理
doctor-check-desk-reach = Zoho Desk 连接
doctor-check-clock = 此电脑的时钟
doctor-check-desk-region = Zoho Desk 数据中心
doctor-check-desk-sign-in = Zoho Desk 授权
doctor-check-desk-organization = Zoho Desk 组织
doctor-check-desk-scopes = Zoho Desk 权限
doctor-check-desk-calls = Zoho Desk 通话记录
doctor-check-desk-fields = 必填字段
doctor-check-desk-writing = 写入 Zoho Desk
doctor-check-desk-credits = Zoho Desk API 请求额度
doctor-check-binding = 坐席与分机的绑定
doctor-check-index = 本机联系人
doctor-check-phonebook = PBX 企业联系人群组

## 未检查

doctor-after-failure = 由于上述问题，未检查此项。
doctor-not-told = 系统未提供此信息。

## 设置

doctor-settings-good = 所有设置均可使用。
doctor-settings-problem = 缺少或无法使用的设置：{ $count } 项，第一项为 { $key }。
doctor-fix-settings-problem = 请打开设置并更正 { $key }；原因显示在该字段旁，也可运行“deskring-cli settings check”列出全部问题。
doctor-settings-unreadable = 无法读取 { $file }。
doctor-fix-settings-unreadable = 请确认该文件属于当前用户账号，且磁盘正常。
doctor-settings-malformed = 无法识别 { $file }，位置：{ $place }。
doctor-fix-settings-malformed = 请更正文件中的此处，或移走该文件后重新设置 Deskring。
doctor-settings-newer = { $file } 由更新版本的 Deskring 写入。
doctor-fix-settings-newer = 请升级此电脑上的 Deskring。
doctor-policy-in-force = { $file } 为此电脑的所有用户设定了部分设置。

## 此电脑

doctor-keychain-works = 密钥环可以保存密钥。
doctor-keychain-absent = 没有密钥环；密钥来自环境变量，或仅当前用户可读的文件。
doctor-fix-keychain-absent = 请在桌面会话中启动密钥环（例如 GNOME Keyring 或 KWallet），然后重新输入密钥。在没有密钥环的服务器上，这是正常情况。
doctor-keychain-locked = 密钥环已锁定，或正在等待用户操作。
doctor-fix-keychain-locked = 请解锁密钥环：在其弹出的窗口中输入密码，或注销桌面后用密码重新登录。
doctor-keychain-failed = 有密钥环，但无法正常工作。
doctor-fix-keychain-failed = 请重新启动密钥环服务，或注销桌面后重新登录。
doctor-secrets-file-not-private = 此电脑的其他用户可以读取密钥文件，因此不使用该文件。
doctor-fix-secrets-file-not-private = 请将配置文件夹中的“secrets”文件夹及其文件设为仅当前用户可访问，然后重新输入密钥。
doctor-secrets-file-malformed = 密钥文件已损坏。
doctor-fix-secrets-file-malformed = 请移走该文件，然后重新输入密钥。
doctor-secrets-file-unusable = 无法读取或写入密钥文件。
doctor-fix-secrets-file-unusable = 请检查配置文件夹中“secrets”文件夹的权限，以及磁盘是否已满。
doctor-notifications-with-buttons = { $name } 可显示带按钮的通知。
doctor-notifications-native = 系统可显示通知。
doctor-notifications-without-buttons = { $name } 可显示通知，但没有按钮。
doctor-fix-notifications-without-buttons = 请点击通知本身，或通过托盘菜单打开联系人；也可改用支持按钮的通知服务。
doctor-notifications-held-back = { $name } 暂不显示通知：“勿扰”已开启。
doctor-fix-notifications-held-back = 如需看到来电通知，请在桌面设置中关闭“勿扰”。
doctor-notifications-absent = 此桌面没有可显示通知的服务。
doctor-fix-notifications-absent = 请启动通知服务，例如桌面自带的服务、dunst 或 mako。在没有桌面的服务器上，这是正常情况。
doctor-tray-shown = 桌面显示托盘图标。
doctor-tray-not-shown = 此桌面不显示托盘图标。
doctor-fix-tray-not-shown = 在 GNOME 上，请安装并启用扩展“AppIndicator and KStatusNotifierItem Support”。未安装时，再次启动 Deskring 即可打开窗口。
doctor-tel-links-ours = 点击电话号码将启动 Deskring。
doctor-tel-links-elsewhere = 点击电话号码将启动 { $program }。
doctor-fix-tel-links-elsewhere = 如需通过 Deskring 呼叫，请在系统的默认应用设置中为电话链接（tel:）选择 Deskring。
doctor-tel-links-nobody = 点击电话号码不会启动任何程序。
doctor-fix-tel-links-nobody = 请在系统的默认应用设置中为电话链接（tel:）选择 Deskring。
doctor-autostart-on = Deskring 在登录时启动。
doctor-autostart-off = 按照设置，Deskring 不在登录时启动。
doctor-autostart-lost = 已设置登录时启动 Deskring，但桌面没有启动它。
doctor-fix-autostart-lost = 请在通用设置中关闭并重新启用“登录时启动”，或在桌面的启动程序列表中启用 Deskring。
doctor-autostart-elsewhere = 登录时桌面会以 Deskring 的名义启动另一个程序（{ $program }）。
doctor-fix-autostart-elsewhere = 请在正在使用的 Deskring 的设置中关闭并重新启用“登录时启动”。

## 连接

doctor-name-found = 已查到 { $host } 的地址。
doctor-reached = { $host } 已响应。
doctor-name-not-found =
    { $system ->
        [pbx] 找不到 PBX { $host } 的地址。
       *[other] 找不到 { $host } 的地址。
    }
doctor-fix-name-not-found =
    { $system ->
        [pbx] 请检查 PBX 地址的拼写。如果无误，请连接公司网络或 VPN，或请管理员在 DNS 中添加该域名。
       *[other] 请检查此电脑的网络连接和 DNS；如果数据中心为“自定义”，还请检查地址。
    }
doctor-refused =
    { $system ->
        [pbx] PBX { $host } 的该端口没有服务。
       *[other] { $host } 或中间的代理拒绝了连接。
    }
doctor-fix-refused =
    { $system ->
        [pbx] 请检查 PBX 地址中的端口（默认为 8088），并确认 PBX 正在运行。
       *[other] 请检查此电脑的代理设置，以及防火墙是否阻止了 { $host }。
    }
doctor-timed-out = { $host } 响应超时。
doctor-fix-timed-out =
    { $system ->
        [pbx] 请检查 PBX 地址和端口，以及是否有防火墙阻挡或未连接 VPN。
       *[other] 请检查网络连接，以及防火墙是否允许通过 https 访问 { $host }。
    }
doctor-unreachable = 无法到达 { $host }。
doctor-fix-unreachable =
    { $system ->
        [pbx] 请将此电脑连接到网络，或连接通往 PBX 的 VPN。
       *[other] 请将此电脑连接到互联网，并检查代理设置。
    }
doctor-closed = { $host } 关闭了连接。
doctor-fix-closed = 如果 PBX 的端口为 https 端口，请确认地址以 https 开头；如果无误，请检查是否有防火墙或代理中断连接，或重启 PBX 的网页服务。
doctor-tls =
    { $system ->
        [pbx] 无法与 { $host } 建立安全连接。
       *[other] 与 { $host } 的安全连接不可信。
    }
doctor-fix-tls =
    { $system ->
        [pbx] 请确认端口为 PBX 的 https 端口，且 PBX 允许 TLS 1.2 或更高版本。
       *[other] 请先检查此电脑的日期和时间，再确认是否有防火墙或杀毒软件检查 https，并将 { $host } 排除在外。
    }
doctor-malformed =
    { $system ->
        [pbx] { $host } 的响应不是 Yeastar PBX 的 API。
       *[other] 无法识别 { $host } 的响应。
    }
doctor-fix-malformed =
    { $system ->
        [pbx] 请检查地址和端口。在浏览器中打开该地址：响应的可能是公共网络的登录页、代理或其他设备。
       *[other] 请在浏览器中打开 https://{ $host }：响应的可能是公共网络的登录页或代理。如果数据中心为“自定义”，请检查两个地址。
    }
doctor-other =
    { $system ->
        [pbx] PBX 拒绝请求，错误码 { $errcode }。
       *[other] 发生意外错误。
    }
doctor-fix-other = 请几分钟后重试；如果问题仍然存在，请将此报告发给 Deskring 的支持人员。

## PBX

doctor-pbx-address-missing = 缺少 PBX 地址。
doctor-fix-pbx-address-missing = 请填写 PBX 地址，与浏览器中的地址相同，包含端口。
doctor-pbx-address-wrong = PBX 地址不是网址。
doctor-fix-pbx-address-wrong = 请按 https://pbx.example.com:8088 的格式填写，不含路径。
doctor-pbx-client-id-missing = 缺少 PBX 的客户端 ID。
doctor-fix-pbx-client-id-missing = 请在 PBX 管理网页的 应用对接 > API 中复制客户端 ID。
doctor-pbx-secret-missing = 缺少 PBX 的客户端密钥。
doctor-fix-pbx-secret-missing = 请在 PBX 管理网页的 应用对接 > API 中复制客户端密钥，或运行“deskring-cli secret set pbx”。
doctor-pbx-certificate-wrong = 设置中受信任的证书不是 SHA-256 指纹。
doctor-fix-pbx-certificate-wrong = 请清空该字段并测试连接，比对所显示的证书后再信任。
doctor-certificate-trusted = 系统信任 { $host } 的证书。
doctor-certificate-pinned = { $host } 出示的是已信任的证书。
doctor-certificate-not-needed = 与 { $host } 的连接未加密，因此没有证书。
doctor-unknown-certificate =
    { $reason ->
        [wrong_name] { $host } 的证书属于其他域名（SHA-256 { $sha256 }）。
        [expired] { $host } 的证书已过期（SHA-256 { $sha256 }）。
        [not_yet_valid] { $host } 的证书尚未生效（SHA-256 { $sha256 }）。
       *[other] 没有已知机构为 { $host } 的证书担保（SHA-256 { $sha256 }）。
    }
doctor-fix-unknown-certificate =
    { $reason ->
        [wrong_name] 请使用证书所属的域名，或将 SHA-256 与 PBX 的进行比对后在设置中信任。
        [expired] 请在 PBX 的 安全 > 安全设置 > 证书 中更新证书，并检查此电脑的日期。
        [not_yet_valid] 请检查此电脑和 PBX 的日期与时间。
       *[other] 请与 PBX 的 安全 > 安全设置 > 证书 中的 SHA-256 比对；一致时在设置中信任该证书。
    }
doctor-changed-certificate = { $host } 出示的证书与已信任的不同：SHA-256 为 { $sha256 }，而不是 { $expected }。
doctor-fix-changed-certificate = 请向管理员确认是否更新过证书。如果是，请将新的 SHA-256 与 PBX 的进行比对后再信任；如果不是，请勿继续：可能有人正在窃听。
doctor-credentials-accepted = PBX 接受客户端 ID 和客户端密钥。
doctor-credentials = PBX 拒绝了客户端 ID 或客户端密钥。
doctor-fix-credentials = 请在 PBX 管理网页的 应用对接 > API 中重新复制两者。错误五次后 PBX 会锁定此电脑，请勿猜测。
doctor-address-blocked = 多次认证错误后，PBX { $host } 已阻止此电脑的 IP 地址（70004）。
doctor-fix-address-blocked = 请等待约十分钟，直到 PBX 自动解除，或在 PBX 的 安全 > 已阻止的 IP 地址 中移除该地址。请先更正客户端密钥。
doctor-address-not-allowed = PBX { $host } 不允许此电脑的 IP 地址使用 API（70087）。
doctor-fix-address-not-allowed = 请在 PBX 的 应用对接 > API > IP 地址限制 中添加此电脑的地址。
doctor-too-many-tokens = 此 API 应用的八个令牌已全部占用（60002）。
doctor-fix-too-many-tokens = 其他程序或电脑正在使用同一个 API 应用。请关闭其中一些，或等待半小时，直到闲置的令牌失效。
doctor-token-expired = PBX 拒绝了刚刚签发的令牌。
doctor-fix-token-expired = 请检查 PBX 的时钟，并在 PBX 的 应用对接 > API 中关闭并重新启用 API。
doctor-too-old = PBX 不支持此接口（10001）。
doctor-fix-too-old = 请在 PBX 的 应用对接 > API 中启用 API。如果已启用，请升级固件：软件版 83.21.0.66 或更高版本，硬件设备 37.7.0.16 或更高版本。
doctor-parameter = PBX 拒绝了一个参数（{ $errcode }）。
doctor-fix-parameter = 请升级 PBX 固件和 Deskring；如果问题仍然存在，请将此报告发给 Deskring 的支持人员。
doctor-not-found = PBX 未找到所请求的内容（{ $errcode }）。
doctor-fix-not-found = 请确认已在 PBX 的 应用对接 > API 中启用 API。
doctor-rights-good = API 已回答所有请求。
doctor-signed-out =
    { $system ->
        [pbx] Deskring 刚刚退出了 PBX。
       *[other] Zoho 不再接受此授权：授权已被撤销，或属于其他数据中心。
    }
doctor-fix-signed-out =
    { $system ->
        [pbx] 请稍候再次检查。
       *[other] 请在设置中重新授权 Zoho Desk，或运行“deskring-cli desk sign-in”。
    }
doctor-firmware-good = { $model }，固件版本 { $firmware }。
doctor-firmware-old = { $model } 的固件版本为 { $firmware }，需要 { $needed } 或更高版本。
doctor-fix-firmware-old = 请在 PBX 的 维护 > 升级 中将固件升级到 { $needed } 或更高版本。
doctor-clock-good = 时钟准确。
doctor-pbx-clock-off = PBX 与此电脑的时钟相差 { $seconds } 秒。
doctor-fix-pbx-clock-off = 请在 PBX 的 系统 > 日期和时间 中启用网络时间（NTP）。如果此电脑的时钟也有问题，请先校准此电脑。
doctor-extension-missing = 尚未设置分机，因此没有通话属于当前用户。
doctor-fix-extension-missing = 请在设置的 电话系统 > 我的分机 中填写分机。
doctor-extensions-known = PBX 中有分机 { $extensions }。
doctor-extensions-unknown = PBX 中没有分机 { $extensions }。
doctor-fix-extensions-unknown = 请更正设置中的“我的分机”，或在 PBX 中创建该分机。
doctor-extension-monitor-on = PBX 会上报所用分机的状态。
doctor-extension-monitor-off = PBX 不上报分机 { $extensions } 的状态。
doctor-fix-extension-monitor-off = 请在 PBX 的 应用对接 > API > 高级设置 的分机状态监控中选择该分机。
doctor-trunk-monitor-on = PBX 会上报所有中继的通话。
doctor-trunk-monitor-off = PBX 不上报中继 { $trunks } 的通话：通话没有来电号码，或完全不上报。
doctor-fix-trunk-monitor-off = 请在 PBX 的 应用对接 > API > 高级设置 的中继状态监控中选择所有中继。
doctor-events-come = 事件推送正常，往返用时 { $ms } 毫秒。
doctor-silent = 与 { $host } 的事件连接已建立，但没有任何响应。
doctor-fix-silent = 请检查是否有代理或防火墙不转发 WebSocket；如果没有，请重启 PBX。
doctor-handshake = { $host } 拒绝事件连接（HTTP { $status }）。
doctor-fix-handshake = 请在 PBX 的 应用对接 > API 中启用 WebSocket 事件推送，并允许中间的代理转发 WebSocket。

## Zoho Desk

doctor-desk-disabled = 按照设置，Zoho Desk 集成已禁用。
doctor-desk-address-wrong = 自定义数据中心的地址无法使用。
doctor-fix-desk-address-wrong = 请按 https://accounts.zoho.com.cn 和 https://desk.zoho.com.cn 的格式填写账号服务地址和 Zoho Desk 地址，或选择列表中的数据中心。
doctor-desk-client-id-missing = 缺少 Zoho 的客户端 ID，尚未设置 Zoho Desk。
doctor-fix-desk-client-id-missing = 请在 Zoho API 控制台添加一个应用程序，并在设置中填写其客户端 ID。
doctor-desk-secret-missing = 缺少 Zoho 的客户端密钥。
doctor-fix-desk-secret-missing = 请从 Zoho API 控制台复制到设置中，或运行“deskring-cli secret set desk”。
doctor-desk-sign-in-missing = 尚未向 Zoho Desk 授权。
doctor-fix-desk-sign-in-missing = 请在设置中向 Zoho Desk 发起授权请求，或运行“deskring-cli desk sign-in”。
doctor-proxy-none = 未使用代理。
doctor-proxy-used = 正在使用代理 { $proxy }。
doctor-proxy-in-the-way = 通过代理 { $proxy } 访问 Zoho 未成功。
doctor-fix-proxy-in-the-way = 请检查代理是否正在运行并允许访问 Zoho，或移除代理：环境变量 HTTPS_PROXY 和 ALL_PROXY，或系统的代理设置。
doctor-clock-off = 此电脑的时钟比 Zoho 快 { $seconds } 秒（负数表示慢）。
doctor-fix-clock-off = 请在系统设置中启用自动设置日期和时间。
doctor-region-good = { $host } 认识此客户端 ID。
doctor-client-unknown = { $host } 不认识此客户端 ID。
doctor-fix-client-unknown = 请选择注册应用程序时的数据中心，或在 Zoho API 控制台为其启用 Multi-DC，然后核对客户端 ID。
doctor-signed-in = 授权有效。
doctor-client-secret-wrong = Zoho 拒绝了客户端密钥。
doctor-fix-client-secret-wrong = 请在 Zoho API 控制台重新复制密钥；启用 Multi-DC 时，每个数据中心的密钥不同。
doctor-throttled = 授权请求过于频繁，Zoho 要求暂停。
doctor-fix-throttled = 请等待十分钟后再次检查。
doctor-organization-good = 组织为 { $name }。
doctor-organization-none = 此账号不属于任何 Zoho Desk 组织。
doctor-fix-organization-none = 请使用 Zoho Desk 中客服专员的账号授权，并检查数据中心。
doctor-organization-unknown = 此授权不能访问设置中的组织，只能访问 { $name }。
doctor-fix-organization-unknown = 请在设置中重新选择组织，或重新授权并选择正确的组织。
doctor-other-organization = 此授权属于另一个组织，与设置中的不同。
doctor-fix-other-organization = 请重新授权，并选择设置中的组织。
doctor-scopes-good = 所需权限齐全。
doctor-scopes-missing = 缺少权限：{ $scopes }。
doctor-fix-scopes-missing = 请重新向 Zoho Desk 授权，并接受所有权限。
doctor-missing-scope = 缺少必需的基本权限。
doctor-fix-missing-scope = 请重新向 Zoho Desk 授权，并接受所有权限。
doctor-forbidden = Zoho 不允许所授权的账号执行此操作。
doctor-fix-forbidden = 请联系 Zoho Desk 管理员扩大该客服专员的配置文件权限。
doctor-edition-limit = 当前 Zoho Desk 版本不支持此功能。
doctor-fix-edition-limit = 请不使用此功能，或升级 Zoho Desk 版本。
doctor-gone = Zoho Desk 未找到所请求的内容。
doctor-fix-gone = 请检查设置中的组织和数据中心。
doctor-invalid = Zoho Desk 拒绝了一个值。
doctor-fix-invalid = 请在设置中重新选择组织和部门。
doctor-bad-request = Zoho Desk 拒绝了请求。
doctor-fix-bad-request = 请在设置中重新选择组织和部门；如果问题仍然存在，请升级 Deskring。
doctor-too-many-requests = 同时访问 Zoho Desk 的程序过多。
doctor-fix-too-many-requests = 请一分钟后再次检查；如果问题仍然存在，请查看还有哪些集成在使用同一个 Zoho Desk。
doctor-server-error = Zoho 发生故障。
doctor-fix-server-error = 请查看 status.zoho.com，稍后重试。
doctor-answer-lost = { $host } 的响应在途中丢失。
doctor-fix-answer-lost = 请检查网络连接后重试。
doctor-calls-available = 可以同步通话记录（{ $edition } 版）。
doctor-calls-not-in-edition = { $edition } 版没有呼叫活动，无法同步通话记录。
doctor-fix-calls-not-in-edition = 请选用支持呼叫活动的 Zoho Desk 版本，或关闭通话记录同步。
doctor-calls-no-scope = 缺少通话的权限，无法同步通话记录。
doctor-fix-calls-no-scope = 请重新向 Zoho Desk 授权；如果 Zoho 显示“invalid scope”，请使用设置中提供的另一项通话权限。
doctor-calls-not-permitted = 客服专员的配置文件禁止访问通话，无法同步通话记录。
doctor-fix-calls-not-permitted = 请管理员在 Zoho Desk 的 设置 > 配置文件 中允许通话。
doctor-gateway-writes = 由网关为所有座席写入；此电脑只写入你手动创建的内容。
doctor-nothing-written = 当前规则不会向 Zoho Desk 写入任何内容。
doctor-fields-good = Zoho Desk 要求的字段均会自动填写。
doctor-fields-missing = Zoho Desk 要求填写、但规则不会填写的字段：{ $fields }。每条记录都会等待人工补充。
doctor-fix-fields-missing = 请在 Zoho Desk（设置 > 自定义 > 布局和字段）中将其改为非必填，或设置默认值。
doctor-credits-good = 今日剩余 API 请求额度：{ $left }。
doctor-credits-low = 今日剩余 API 请求额度仅为 { $left }。
doctor-fix-credits-low = 请在 Zoho Desk 的 设置 > 开发者空间 > API 中查看哪个集成用量过大；额度在 Zoho 的额度日结束后恢复。
doctor-credits-used-up = 今日的 API 请求额度已用完。
doctor-fix-credits-used-up = 请等待 Zoho 的额度日结束；可在 Zoho Desk 的 设置 > 开发者空间 > API 中查看哪个集成用完了额度。
doctor-binding-good = 所用分机均已绑定 Zoho Desk 用户。
doctor-binding-missing = 分机 { $extensions } 未绑定 Zoho Desk 用户。
doctor-fix-binding-missing = 请在设置的 坐席与分机 中绑定，或运行“deskring-cli bind --by-email”。
doctor-binding-unknown-agent = 分机 { $extensions } 绑定的用户不是 Zoho Desk 中的有效用户。
doctor-fix-binding-unknown-agent = 请在设置的 坐席与分机 中为该分机绑定有效的 Zoho Desk 用户。

## 联系人副本

doctor-index-good = 本机有 { $people } 个联系人，已是最新。
doctor-index-reads = 本机已有 { $people } 个联系人，正在继续读取。
doctor-index-unwanted = 按设置不在本机保存联系人，每次来电都查询 Zoho Desk。
doctor-index-no-key = 未保存：没有密钥环，且尚未同意将其密钥存放在文件中。
doctor-index-spent = 本机有 { $people } 个联系人；今日可用于读取联系人的 API 请求额度已用完。
doctor-fix-index-spent = 明天会继续。如需加快，请在设置的“联系人同步”中提高每日 API 请求额度。
doctor-index-stands = 联系人读取已停止（{ $cause }）。
doctor-fix-index-stands = 原因见设置的“联系人同步”。在此期间，来电会查询 Zoho Desk。
doctor-phonebook-unwanted = 联系人同步已关闭。
doctor-phonebook-good = 联系人会同步到“{ $name }”。
doctor-phonebook-waits = 向“{ $name }”同步联系人正在等待（{ $cause }）。
doctor-fix-phonebook-waits = PBX 和 Zoho Desk 可访问后会自动继续；原因见设置的“联系人同步”。
doctor-phonebook-refused = 无法向“{ $name }”同步联系人（{ $cause }）。
doctor-fix-phonebook-refused = 原因见设置的“联系人同步”。请选择一个空的企业联系人群组，或由本应用填充的群组。
