package ledger

import (
	"context"
	"time"
)

// MessagesField is the field by which an entry commits to its message (FORMAT.md §9).
const MessagesField = "messages"

// AuditMessage is what is kept beside an entry.
type AuditMessage struct {
	Index   uint64
	Message Attachment
}

// MessageAudit says how the message store is audited.
type MessageAudit struct {
	// Open returns what the entry must commit to, "" where the message cannot be
	// opened any more because its key was destroyed. nil: messages are not opened.
	Open func(ctx context.Context, message Attachment) (digest string, err error)
	// Since is the time from which on no message can have expired yet: an entry that
	// happened later must have its own. The zero time: none must.
	Since time.Time
}

// message compares what is kept beside an entry with the entry's commitment.
func (l *logAudit) message(ctx context.Context, index uint64, leaf Leaf, openings []Opening) {
	l.skipMessages(index)
	committed, opened := valueOf(openings, MessagesField)
	if !l.messages.here || l.messages.now.Index != index {
		if since := l.options.Messages.Since; opened && !since.IsZero() && leaf.At.After(since) {
			l.alter(entryAt(index), "its message is gone before its time")
		}
		return
	}
	kept := l.messages.now.Message
	l.messages.next()
	if _, commits := leaf.commitment(MessagesField); !commits {
		l.alter(entryAt(index), "a message is kept beside it, and it commits to none")
		return
	}
	l.report.Messages++
	if l.options.Messages.Open == nil || !opened {
		return
	}
	digest, err := l.options.Messages.Open(ctx, kept)
	switch {
	case err != nil:
		l.alter(entryAt(index), "the message kept beside it was changed, or is another owner's")
	case digest == "":
		l.report.Unreadable++
	case digest != committed:
		l.alter(entryAt(index), "the message kept beside it is not the one that it commits to")
	}
}

// skipMessages tells of messages that point below, where there is no entry.
func (l *logAudit) skipMessages(below uint64) {
	for ; l.messages.here && l.messages.now.Index < below; l.messages.next() {
		l.alter(entryAt(l.messages.now.Index), "a message is kept beside it, and it is not there")
	}
}

func valueOf(openings []Opening, name string) (value string, found bool) {
	for _, o := range openings {
		if o.Name == name {
			return o.Value, true
		}
	}
	return "", false
}
