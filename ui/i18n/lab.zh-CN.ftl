## The matching lab: why a number is whose it is

settings-nav-matching-lab = 匹配测试
lab-line = { $title }：{ $text }
lab-number = 号码
lab-number-help = 按电话系统显示的格式，或您习惯的格式填写。
lab-empty = 输入一个号码，查看 Deskring 如何识别它、如何查询 Zoho Desk，以及它属于谁。
lab-means = 国际格式
lab-no-means = 无：不是完整的号码，因此按原有数字比较
lab-decision = 号码属于谁
lab-decision-withheld = 来电者隐藏了号码：不查找任何人。
lab-decision-one = { $name }。没有其他人使用此号码。
lab-decision-several =
    { $count ->
       *[other] { $count } 条记录都有此号码，由坐席选择。
    }
lab-decision-chosen =
    { $count ->
       *[other] { $name }：{ $count } 条记录都有此号码，此前已选择此人。
    }
lab-decision-nobody = 没有人使用此号码。
lab-decision-ask-desk = 尚未确定：通话时会查询 Zoho Desk。
lab-decision-failed = 无法确定：Zoho Desk 没有给出结果（{ $cause }）。可使用“全面检查”查找解决办法。
lab-decided-by = 来源：{ $source }。
lab-decided-rule = 规则：{ $rule }。
lab-always-query-on = “始终查询Helpdesk”已启用：每通电话都查询 Zoho Desk，包括本机已知的号码。
lab-always-query-off = “始终查询Helpdesk”已禁用：仅当本机没有人使用此号码时才查询 Zoho Desk。
lab-readings = 如何识别
lab-readings-help = 按顺序尝试各种识别方式，第一个成为有效号码的方式生效。
lab-no-readings = 没有可识别的数字。
lab-verdict-taken = 生效
lab-verdict-no-number = 不是有效号码
lab-verdict-later = 不需要：前面的方式已生效
lab-step-extension = 略去分机号 { $value }
lab-step-outside-line = 去掉外线前缀 { $value }
lab-step-international-prefix = { $value } 代表 +
lab-step-trunk = 去掉本国长途前缀 { $value }
lab-step-area-code = 在前面加上区号 { $value }
lab-step-country-code = 已写明国家代码 { $value }
lab-step-bare-country-code = 已写明国家代码 { $value }，没有 +
lab-step-home-country = 在前面加上本国代码 +{ $value }
lab-searches = 如何查询 Zoho Desk
lab-searches-help =
    { $count ->
       *[other] 同一步的请求同时发送；没有找到任何人时才进行下一步。全部请求共消耗 { $count } 点 API 请求额度。
    }
lab-no-searches = 不查询。
lab-search = 第 { $step } 步：{ $kind }，{ $field }
lab-search-field-phone = 字段 phone
lab-search-field-mobile = 字段 mobile
lab-search-field-any = 任意字段
lab-search-not-asked = 未发送
lab-search-not-needed = 不需要：此前已找到
lab-search-failed = 失败：{ $cause }
lab-search-answered =
    { $count ->
        [0] 没有记录
       *[other] { $count } 条记录
    }
lab-spent =
    { $count ->
       *[other] 本次消耗了 { $count } 点 API 请求额度。
    }
lab-ask-desk =
    { $count ->
       *[other] 查询 Zoho Desk（最多消耗 { $count } 点 API 请求额度）
    }
lab-here = 本机已知的信息
lab-alike =
    { $count ->
        [0] 本机联系人中没有末尾相同的号码。
       *[other] 本机联系人中有 { $count } 个的号码末尾相同。
    }
lab-no-index = 本机未保存联系人。
lab-kept = 最近一次的结果（几分钟内有效）：{ $names }。
lab-kept-nobody = 最近一次的结果（一分钟内有效）：没有人使用此号码。
lab-no-kept = 最近几分钟没有查询结果。
lab-choice = 此前为此号码选择了：{ $name }。
lab-no-choice = 尚未为此号码选择过联系人。
lab-hits = 比较过的记录
lab-no-hits = 无。
lab-counts = 有此号码
lab-counts-not = 不算匹配
lab-source-index = 本机联系人
lab-source-desk = Zoho Desk
lab-field-phone = 电话
lab-field-mobile = 手机
lab-rule-same-number = 国际格式的号码相同
lab-rule-national = 按号码所属国家的写法保存，没有国家代码
lab-rule-written-form = 按此号码的一种常用写法保存
lab-rule-same-digits = 不是完整的号码，但数字相同
lab-not-no-digits = 没有数字
lab-not-only-ending = 只有末尾相同
lab-not-other-number = 是另一个号码
lab-not-contacts-first = 已有联系人使用此号码，联系人优先于客户
lab-others =
    { $count ->
       *[other] 另有 { $count } 条记录只是看起来相似。
    }

## What other rules would change

lab-what-if = 如果更改规则会怎样？
lab-what-if-help = 用其他号码规则重新匹配最近 500 通电话。不会更改任何设置。
lab-what-if-run = 用最近的通话试一试
lab-what-if-stop = 停止
lab-what-if-again = 继续
lab-what-if-same = 这就是当前使用的规则，不会有任何变化。
lab-what-if-progress =
    { $numbers ->
       *[other] 已比较 { $done } / { $numbers } 个号码。
    }
lab-what-if-stopped = 已停止。
lab-what-if-no-calls = 还没有来自外部号码的通话。
lab-what-if-no-index = 本机没有可供比较的联系人。可以改为查询 Zoho Desk，最多消耗 { $count } 点 API 请求额度。
lab-what-if-ask-desk = 查询 Zoho Desk
lab-what-if-with-index =
    { $count ->
       *[other] 已与本机的 { $count } 个联系人比较，不消耗 API 请求额度。
    }
lab-what-if-with-desk = 已与 Zoho Desk 比较。
lab-what-if-partly = 本机联系人仍在读取，可能有遗漏。
lab-count-calls = 通话
lab-count-numbers = 号码
lab-count-now = 现在
lab-count-then = 更改后
lab-count-matched = 能找到
lab-count-ambiguous = 找到多个
lab-count-gained = 新找到
lab-count-lost = 不再找到
lab-count-newly-ambiguous = 新出现多个匹配
lab-count-others = 找到的是其他人
lab-change-gained = 新找到
lab-change-lost = 不再找到
lab-change-ambiguous = 变为多个匹配
lab-change-clear = 不再有多个匹配
lab-change-others = 变为其他人
lab-changed = 有变化的号码
lab-none-changed = 没有号码发生变化。
lab-nobody = 无人
lab-row-calls =
    { $count ->
       *[other] { $count } 通电话
    }
lab-row-means = { $before } → { $after }
lab-take-over = 采用这些规则
lab-taken-over = 这些规则已写入设置。
cli-what-if-no-index = 本机没有可供比较的联系人。可以使用 --ask-desk 改为查询 Zoho Desk，最多消耗 { $count } 点 API 请求额度
cause-not-a-country = 无法识别国家/地区；请使用两个字母，例如 CN
