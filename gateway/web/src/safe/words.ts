import { speak } from '@/shared/words'

const zh = {
  safe: '个人数据保险柜', home: '首页', requests: '待我决定', bases: '授权', uses: '记录', licences: '证照', me: '我的',
  signIn: '登录', signInWhy: '谁用过您的数据、为什么用、用了哪几项，都在这里；不想给的，随时撤回。', signInHow: '经统一身份认证登录，本系统不保存您的密码。',
  gone: '登录已结束', goneWhy: '为保护您的数据，一段时间后需要重新登录。刚才没有提交的内容没有生效。', again: '重新登录', back: '返回', retry: '重试', refresh: '刷新',
  loading: '正在加载', language: 'English', close: '关闭', cancel: '取消', more: '更多', all: '全部', open: '查看',
  waiting: '{n} 件事等您决定', nothingWaiting: '没有等您决定的事', nothingWaitingWhy: '部门要用您的数据而需要您同意时，会出现在这里。',
  active: '{n} 份授权正在生效', latest: '最近谁用过', seeAll: '看全部记录', hold: '我持有的', emptyHold: '还没有证照', emptyHoldWhy: '部门给您签发电子证照后，会出现在这里，办事时出示二维码即可，不用带纸。',
  noUses: '还没有人用过您的数据', noUsesWhy: '每一次调用，包括被拒绝的，都会在这里留下一条记录。', noBases: '您还没有给出授权', noBasesWhy: '您同意过的每一份授权都会列在这里，可随时撤回；撤回和授权一样，只要一步。',
  who: '谁', what: '哪些信息', from: '数据来自', why: '为了什么', matter: '事项', caseNo: '办件编号', until: '有效到', how: '怎样用', basis: '依据', asOf: '数据截至', result: '结果', asked: '要求', returned: '返回', law: '法律条文', officer: '经办人', when: '时间', system: '系统', excess: '超出的', proven: '调用方凭什么', peerDepartment: '该节点的哪个部门', recorded: '存证位置',
  withdraw: '撤回', withdrawn: '已撤回。下一次调用起就会被拒绝。', withdrawSure: '撤回后，下一次调用就会被拒绝；此前已经发生的使用仍会留在记录里。', pause: '暂停', resume: '恢复', paused: '已暂停，暂停期间一律拒绝。', resumed: '已恢复。',
  grant: '同意', refuse: '不同意', granted: '已授权，立即生效', refused: '已拒绝。对方查询时会看到您的决定，30 天内不能再问同样的事。', notGranted: '没有授权，什么也没有给出；这个决定不会通知任何部门。', linkOnly: '这是部门页面给您的链接，不是部门发来的请求。不同意就是不授权：什么也不会给出，系统也不会通知该部门，需要时请您自己告诉它。', ifRefused: '如果不同意', refusalTold: '不同意的决定会记录下来，该部门能查到，30 天内它不能再问同样的事。', separate: '我单独同意使用：{field}', separateNeeded: '敏感个人信息，请逐项单独同意', optional: '可选项（不勾选也能办）', giveToo: '我愿意提供：{field}', later: '以后再说', deferred: '先放着，请求会一直等到期限为止。',
  asksYou: '{who} 请求使用您的数据', noticeWhole: '告知书全文', requestGone: '这件事已经不在等您决定', requestGoneWhy: '可能已经在另一个窗口里决定过，或者已经过期作废。', eraseAt: '保存到', times: '次数', automated: '自动决定', kind: '方式', readNotice: '请先读完告知', lapses: '请在 {when} 前决定，过期自动作废',
  checkingHolds: '网络断了，正在核对是否已经生效…', holdsYes: '核对过了：这份授权已经生效。', holdsNo: '核对过了：没有授权，什么也没有生效。可以再试一次。', holdsUnknown: '还连不上服务器，无法确认。网络恢复后会自动核对；在此之前请当作没有生效。',
  filterUsed: '用过', filterRefused: '被拒绝', filterMine: '我自己的操作', filterOther: '其他', loadMore: '再看更早的', from2: '从', department: '部门', anyDepartment: '全部部门',
  released: '已提供', failed: '未提供', refusedState: '已拒绝', underWay: '进行中', unknown: '无法确定是否送达', myAct: '本人操作', read: '查看',
  proof: '核对存证', proofWhy: '每条记录都封存在一棵只增不改的树里，并由区里的国密密钥签名。下面由这个页面用另一套国密程序（sm-crypto）在您的手机上重新计算，不问服务器。', proofTrue: '属实', proofTrueWhy: '这条记录没有被改动过。', proofFalse: '不成立', proofFalseWhy: '这份存证有一步没有通过。请下载文件，用 kapok-verify 再核对，并联系数据局。', checking: '正在您的手机上计算…',
  proofLimits: '请注意：这个页面本身也来自红棉，它不能为自己作证。要完全不依赖红棉，请下载存证文件，用 kapok-verify 程序离线核对，并把下面的指纹与数据局另行公布的指纹比对。', fingerprint: '信任根指纹 (SM3)', since: '这个浏览器自 {when} 起记住的指纹', rootChanged: '注意：信任根的指纹和这个浏览器上次记住的不一样。请先与数据局公布的指纹比对，再相信下面的结果。',
  download: '下载存证文件', downloadRoot: '下载信任根', ownRoot: '用我自己拿到的信任根核对', ownRootUsed: '已改用您自己提供的信任根。', ownRootBad: '这不是信任根文件 (bundle.json)。', howTo: '在电脑上执行：',
  shown: '存证里写明的内容', hidden: '只存了密封摘要、没有展示的项',
  show: '出示', renew: '刷新码', showWhy: '请对方扫码。码只能用一次，60 秒后失效。', left: '剩余 {s} 秒', expired: '码已过期', signedIn: '登录的设备', deviceUnknown: '未知设备', thisDevice: '本机', endThere: '退出那里', endOthers: '退出其他所有设备', takeBack: '收回', triedInVain: '有人扫了 {n} 次未成：{why}', scanned: '已被扫描', scannedBy: '{who} 于 {when} 扫描', separateShow: '同意出示其中的敏感个人信息', choose: '选择要一起出示的证照', issuer: '签发', valid: '有效', invalid: '无效', sealed: '电子印章', file: '下载证照文件 (OFD)', number: '证照编号', expiresOn: '有效期至', typed: '扫不出来时，请对方输入',
  appearance: '显示', theme: '深色模式', themeAuto: '跟随系统', themeLight: '浅色', themeDark: '深色', large: '大字', signOut: '退出登录', signedUntil: '本次登录到 {when}', rights: '我的权利', about: '关于', trust: '信任根与存证检查点', apiDocs: '接口文档',
  yes: '确定', stillHolds: '仍然有效', serverAway: '暂时连不上，请检查网络。',
} as const

export type Word = keyof typeof zh

const en: Record<Word, string> = {
  safe: 'My data safe', home: 'Home', requests: 'To decide', bases: 'Consents', uses: 'Record', licences: 'Licences', me: 'Me',
  signIn: 'Sign in', signInWhy: 'Who used your data, why, and which fields: it is all here. What you do not want to give, you take back at any time.', signInHow: 'Through the public identity service. No password is kept here.',
  gone: 'The session has ended', goneWhy: 'To protect your data you sign in again after a while. What was not sent has not taken effect.', again: 'Sign in again', back: 'Back', retry: 'Try again', refresh: 'Reload',
  loading: 'Loading', language: '中文', close: 'Close', cancel: 'Cancel', more: 'More', all: 'All', open: 'Open',
  waiting: '{n} waiting for your decision', nothingWaiting: 'Nothing waits for you', nothingWaitingWhy: 'When a department needs your consent to use your data, it asks here.',
  active: '{n} consents in force', latest: 'Used lately', seeAll: 'The whole record', hold: 'What I hold', emptyHold: 'No licences yet', emptyHoldWhy: 'Licences that departments issue to you appear here. Show a code instead of paper.',
  noUses: 'Nobody has used your data yet', noUsesWhy: 'Each call, refused ones too, leaves a line here.', noBases: 'You have given no consent yet', noBasesWhy: 'Every consent you give is listed here. Taking it back is one step, as giving it was.',
  who: 'Who', what: 'Which fields', from: 'Data from', why: 'What for', matter: 'Matter', caseNo: 'Case', until: 'Until', how: 'How', basis: 'Basis', asOf: 'Data as of', result: 'Result', asked: 'Asked for', returned: 'Returned', law: 'Law', officer: 'Officer', when: 'When', system: 'System', excess: 'Too many', proven: 'How the caller was proven', peerDepartment: 'Department there', recorded: 'In the ledger',
  withdraw: 'Withdraw', withdrawn: 'Withdrawn. The very next call is refused.', withdrawSure: 'The very next call will be refused. What was used before stays in your record.', pause: 'Pause', resume: 'Resume', paused: 'Paused. Every call is refused meanwhile.', resumed: 'In force again.',
  grant: 'Agree', refuse: 'Do not agree', granted: 'Given; in force at once', refused: 'Refused. The department sees your decision and cannot ask the same for 30 days.', notGranted: 'Nothing was granted and nothing was given; no department is told of this.', linkOnly: 'This is a link from a department’s page, not a request that it sent. If you do not agree, nothing is granted and nothing is given; the department is not told either. Tell it yourself if need be.', ifRefused: 'If you do not agree', refusalTold: 'Your refusal is recorded and the department can see it; it cannot ask the same for 30 days.', separate: 'I agree separately to: {field}', separateNeeded: 'Sensitive: please agree to each by itself', optional: 'Optional (works without)', giveToo: 'I give this too: {field}', later: 'Later', deferred: 'Put off; it waits for you until its time is up.',
  asksYou: '{who} asks to use your data', noticeWhole: 'The whole notice', requestGone: 'This no longer waits for you', requestGoneWhy: 'You may have decided it in another window, or it has lapsed.', eraseAt: 'Kept until', times: 'How often', automated: 'Decided without a person', kind: 'Kind', readNotice: 'Please read the notice first', lapses: 'Decide before {when}; it lapses by itself',
  checkingHolds: 'The connection was lost; checking what holds …', holdsYes: 'Checked: the consent is in force.', holdsNo: 'Checked: no consent was given and nothing took effect. You can try again.', holdsUnknown: 'The server cannot be reached, so it is not known. It is checked as soon as the network is back; until then take it as not given.',
  filterUsed: 'Used', filterRefused: 'Refused', filterMine: 'My own acts', filterOther: 'Other', loadMore: 'Earlier ones', from2: 'From', department: 'Department', anyDepartment: 'All departments',
  released: 'Provided', failed: 'Not provided', refusedState: 'Refused', underWay: 'Under way', unknown: 'Delivery unknown', myAct: 'My own act', read: 'Read',
  proof: 'Check the proof', proofWhy: 'Each line is sealed in a tree that only grows, signed by the district’s SM2 key. This page computes it again on your phone with another SM library (sm-crypto) and asks no server.', proofTrue: 'True', proofTrueWhy: 'This record was not changed.', proofFalse: 'Does not hold', proofFalseWhy: 'A step failed. Download the file, check it with kapok-verify, and tell the data bureau.', checking: 'Computing on your phone …',
  proofLimits: 'Mind: this page comes from Kapok too and cannot vouch for itself. To depend on Kapok for nothing, download the file, check it offline with kapok-verify, and compare the fingerprint below with the one that the data bureau published elsewhere.', fingerprint: 'Fingerprint of the root (SM3)', since: 'Remembered by this browser since {when}', rootChanged: 'Mind: the fingerprint of the root is not the one that this browser remembers. Compare it with the published one before you believe what follows.',
  download: 'Download the proof', downloadRoot: 'Download the root', ownRoot: 'Check against a root of my own', ownRootUsed: 'Checked against the root that you brought.', ownRootBad: 'This is not a trust bundle (bundle.json).', howTo: 'On a computer, run:',
  shown: 'What the proof says', hidden: 'Sealed and not shown',
  show: 'Show', renew: 'New code', showWhy: 'Let it be scanned. It works once and ends after 60 seconds.', left: '{s} seconds left', expired: 'The code has expired', signedIn: 'Where I am signed in', deviceUnknown: 'Unknown device', thisDevice: 'This one', endThere: 'Sign out there', endOthers: 'Sign out everywhere else', takeBack: 'Take it back', triedInVain: 'Tried in vain {n} times: {why}', scanned: 'Scanned', scannedBy: 'Scanned by {who}, {when}', separateShow: 'I agree to show its sensitive fields', choose: 'Choose the licences to show together', issuer: 'Issued by', valid: 'Valid', invalid: 'Not valid', sealed: 'Electronic seal', file: 'Download the file (OFD)', number: 'Number', expiresOn: 'Valid until', typed: 'If it cannot be scanned, type',
  appearance: 'Appearance', theme: 'Dark mode', themeAuto: 'As the system', themeLight: 'Light', themeDark: 'Dark', large: 'Large type', signOut: 'Sign out', signedUntil: 'Signed in until {when}', rights: 'My rights', about: 'About', trust: 'Trust root and checkpoints', apiDocs: 'API documentation',
  yes: 'Yes', stillHolds: 'Still in force', serverAway: 'The server cannot be reached; check the network.',
}

export const t = speak<Word>(zh, en)
