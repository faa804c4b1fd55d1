# 小窗口的文字，简体中文，与共用文字一起使用。

why-opened-late = Zoho Desk 用了 { $lookup } 秒才应答：{ $tab } 秒时弹屏

## What helps in a call

context-tickets = { $count } 个未关闭的工单
context-tickets-at-least = 至少 { $count } 个未关闭的工单
context-no-tickets = 没有未关闭的工单
context-today = 今天已通话 { $count } 次
context-you = 你
context-spoke = { $when } 与{ $who }通话
context-last = 上次：{ $what }，{ $when }
context-first = 此号码没有以往通话
context-ticket-open = 打开工单

## The calls

card-create = 新建联系人…
card-continue = 继续新建…
card-add = 添加到现有联系人…
card-action = { $action }：{ $caller }
title-call = { $phase }：{ $caller } – Deskring

## The history

history-title = 通话记录
history-all = 全部
history-missed = 未接
history-missed-count = 未接（{ $count }）
history-unknown = 未知号码
history-filter = 显示哪些通话
history-search = 搜索通话记录
history-search-hint = 搜索
history-none = 最近 500 个通话会保留在这里。
history-none-missed = 没有未接来电。
history-none-unknown = 没有未知号码的通话。
history-none-found = 没有符合“{ $text }”的通话。
history-failed = 无法读取通话记录：{ $cause }
history-details = 详情：{ $caller }
history-open-contact = 打开联系人
history-open-account = 打开客户
history-open-ticket = 打开工单
history-call-back = 回拨
history-calling = 你的话机先响铃…
history-opening = 正在打开…
history-when = 时间
history-path = 经由
history-number = 号码
history-company = 公司
history-did = 被叫号码
history-extension = 分机
history-length = 时长
history-timing = 耗时
dial-box = 呼叫号码
dial-box-hint = 姓名或号码
suggest-kind-extension = 分机
suggest-kind-recent = 最近通话
suggest-kind-contact = 联系人
suggest-kind-account = 客户
suggest-searching = 正在搜索 Zoho Desk…
suggest-desk-failed = Zoho Desk 未返回结果：{ $cause }
suggest-hidden = 按照设置，客户信息已隐藏。
transfer-to = 转移到
transfer-send = 转移
transfer-cancel = 取消
history-note = 备注
written-title = Zoho Desk 中的记录
written-title-dry = 将写入 Zoho Desk 的内容
written-line = { $kind }：{ $state }
written-kind-contact = 新联系人
written-kind-account = 新客户
written-kind-ticket = 工单
written-kind-call-activity = 通话记录
written-kind-other = 记录
history-disposition = 结果

## Forms begun and not done with

draft-line = 未完成：{ $who }
draft-continue = 继续
draft-discard = 放弃
# 再次点击即放弃。
draft-discard-sure = 确定放弃？

## A new contact

form-title = 新建联系人
form-title-account = 新建客户
form-kind = 创建类型
form-contact = 联系人
form-account = 客户
form-back = 返回
form-back-why = 返回通话；已填写的内容会保留
form-first-name = 名
form-last-name = 姓
form-account-name = 客户名称
form-email = 邮箱
form-company = 公司
form-company-hint = 搜索客户
form-company-create = 新建公司“{ $name }”
form-company-new = 新建
form-company-remove = 移除 { $name }
form-company-none = 没有以此开头的客户。
form-phone = 电话
form-mobile = 手机
form-notes = 备注
form-more = 更多字段
form-required = 必填
form-choose = 请选择…
form-only-in-desk = “{ $label }”只能在 Zoho Desk 中填写。
form-documented = 无法读取贵组织的字段设置；Zoho Desk 可能还要求其他内容。
form-sent = 已提交过一次，但没有收到应答。保存时会先查找是否已存在。
form-save = 保存
form-saving = 正在保存…
form-discard = 放弃
form-discard-sure = 放弃已填写的内容？
form-discard-yes = 放弃
form-discard-no = 保留
form-saved = { $name } 已保存到 Zoho Desk
form-loading = 请稍候…
form-unread = 无法显示表单：{ $cause }。已填写的内容会保留。
form-again = 重试
form-fault-missing = 请填写此项。
form-fault-invalid = Zoho Desk 不接受此内容。
form-fault-duplicate = 其他记录已使用此内容。
form-fault-elsewhere = { $label }：{ $fault }
form-fault-some = 有 { $count } 项需要修改。
form-failed = 未保存：{ $cause }。已填写的内容会保留。
form-exists =
    { $count ->
       *[other] 已存在相同的记录：
    }
form-exists-use = 使用此记录
form-exists-anyway = 仍要新建

## The number for a contact that is there

add-title = 将 { $number } 添加到…
add-hint = 姓名、公司、邮箱或号码
add-search = 搜索联系人和客户
add-searching = 正在搜索…
add-none = 没有符合“{ $text }”的记录。
add-start = 请至少输入两个字。
add-failed = 搜索失败：{ $cause }
add-occupied = { $name } 的两个号码字段都已有其他号码，未做更改。
add-use-anyway = 用于此通话
add-added = 号码已添加到 { $name }

## After a call

wrap-up-title = 通话情况如何？
wrap-up-more =
    { $count ->
       *[other] 另有 { $count } 个
    }
wrap-up-note = 备注
wrap-up-note-hint = 通话备注
wrap-up-disposition = 结果
wrap-up-save = 保存
wrap-up-skip = 跳过
wrap-up-keys = Enter 保存，Esc 跳过
wrap-up-keys-digits = 按 1 至 { $count } 选择，Enter 保存，Esc 跳过
wrap-up-saved = 备注已保存

## Choosing

chooser-ticket-open = 未关闭的工单：{ $subject }
chooser-ticket = 最近的工单：{ $subject }
chooser-no-ticket = 没有工单
chooser-active = { $ago }有更新

## 未写入 Desk 的内容

unwritten-retry = 重试
unwritten-correct = 修改…
unwritten-send = 保存并重试
unwritten-cancel = 取消
unwritten-discard = 放弃
# 再次点击即放弃。
unwritten-discard-sure = 确定放弃？
unwritten-action = { $action }：{ $what }
unwritten-retried = 将重新写入
unwritten-discarded = 已放弃
unwritten-more =
    { $count ->
       *[other] 另有 { $count } 条
    }
unwritten-blocked =
    { $count ->
       *[other] 另有 { $count } 条记录在等待这些记录。
    }
