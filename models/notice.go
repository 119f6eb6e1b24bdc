package models

import (
	"slices"
	"strings"
	"time"

	"pagaduria/models/colombia"
)

// Topic gathers the kinds of notices that a person wants to be told of in the same way.
type Topic string

// The topics.
const (
	TopicWaiting  Topic = "waiting"  // somebody's decision is asked for
	TopicAnswer   Topic = "answer"   // what was decided on one's own work
	TopicFailed   Topic = "failed"   // money that did not arrive, or stands still
	TopicExpiring Topic = "expiring" // what lapses soon, or has
	TopicFloat    Topic = "float"    // too little money at a rail
	TopicWork     Topic = "work"     // long work that ended
	TopicOther    Topic = "other"    // kinds that this list does not know
)

// Topics lists every topic in the order pages show them.
var Topics = []Topic{TopicWaiting, TopicAnswer, TopicFailed, TopicExpiring, TopicFloat, TopicWork, TopicOther}

var topics = map[string]Topic{
	"batch.waiting": TopicWaiting, "batch.step": TopicWaiting, "request.made": TopicWaiting,
	"batch.approved": TopicAnswer, "batch.returned": TopicAnswer, "batch.rejected": TopicAnswer, "request.granted": TopicAnswer,
	"request.refused": TopicAnswer, "kyc.submitted": TopicWaiting,
	"payouts.failed": TopicFailed, "payouts.returned": TopicFailed, "connection.paused": TopicFailed, "batch.blocked": TopicFailed, "contradiction.open": TopicFailed, "check.ledger_fault": TopicFailed, "check.audit_fault": TopicFailed,
	"payouts.expired": TopicExpiring, "payouts.expiring": TopicExpiring, "batch.expiring": TopicExpiring, "batch.expired": TopicExpiring,
	"schedule.maker": TopicFailed, "schedule.made": TopicWork, "schedule.nothing": TopicWork,
	"renewal.issued": TopicAnswer, "renewal.waiting": TopicAnswer, "renewal.collected": TopicAnswer, "renewal.stopped": TopicFailed,
	"float.low": TopicFloat, "distributor.call": TopicWaiting,
	"screening.hits": TopicWaiting, "expiry.ended": TopicExpiring,
	"case.assigned": TopicWaiting, "case.escalated": TopicWaiting, "case.mentioned": TopicWaiting,
	"case.second": TopicWaiting, "case.returned": TopicAnswer,
}

// TopicOf answers the topic of an event's kind.
func TopicOf(kind string) Topic {
	if t, ok := topics[kind]; ok {
		return t
	}
	if strings.HasPrefix(kind, "task.") || strings.HasPrefix(kind, "work.") {
		return TopicWork
	}
	return TopicOther
}

// Notice is one thing that happened, told to one person.
type Notice struct {
	ID          int64
	Kind        string
	Topic       Topic
	SubjectType string
	SubjectID   int64
	Facts       map[string]any // fill the sentence
	CreatedAt   time.Time
	ReadAt      *time.Time
}

// NoticePreferences say how a person is told by mail. In the app everything is told at once.
type NoticePreferences struct {
	Now           []Topic // mailed at once
	Digest        []Topic // mailed together once a day; topics in neither list are told in the app alone
	Urgent        []Topic // those of Now that quiet hours and quiet days do not hold up
	QuietFrom     Minutes // the same as QuietTo: no quiet hours
	QuietTo       Minutes
	QuietWeekends bool
	QuietHolidays bool
	DigestAt      Minutes
}

// DefaultNoticePreferences are those of somebody who has chosen none.
func DefaultNoticePreferences() NoticePreferences {
	return NoticePreferences{Now: []Topic{TopicWaiting, TopicAnswer, TopicFailed, TopicFloat}, Digest: []Topic{TopicExpiring, TopicOther},
		QuietFrom: 20 * 60, QuietTo: 7 * 60, QuietWeekends: true, QuietHolidays: true, DigestAt: 8 * 60}
}

// Check refuses preferences under which a digest would never be due when it should.
func (p NoticePreferences) Check() error {
	if p.inQuietHours(p.DigestAt) {
		return Refuse(Invalid, "notices.refused.digest", "The digest would come in the quiet hours. Choose an hour outside them.", nil).
			WithField("digest_at", "notices.refused.digest")
	}
	for _, list := range [][]Topic{p.Now, p.Digest, p.Urgent} {
		for _, t := range list {
			if !slices.Contains(Topics, t) {
				return Refuse(Invalid, "notices.refused.topic", "There is no such topic.", nil)
			}
		}
	}
	return nil
}

func (p NoticePreferences) inQuietHours(m Minutes) bool {
	if p.QuietFrom <= p.QuietTo {
		return p.QuietFrom <= m && m < p.QuietTo
	}
	return m >= p.QuietFrom || m < p.QuietTo
}

func (p NoticePreferences) quietDay(day time.Time) bool {
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	return p.QuietWeekends && weekend || p.QuietHolidays && colombia.IsHoliday(day)
}

// Quiet answers whether mails wait at that moment.
func (p NoticePreferences) Quiet(at time.Time) bool {
	return p.quietDay(Day(at)) || p.inQuietHours(MinutesOf(at))
}

// MayMail answers whether a notice of the topic may be mailed on its own at that moment.
func (p NoticePreferences) MayMail(t Topic, at time.Time) bool {
	return slices.Contains(p.Now, t) && (slices.Contains(p.Urgent, t) || !p.Quiet(at))
}

// longestQuiet bounds how many days in a row a digest can wait; Easter week and a weekend are five.
const longestQuiet = 14

// DigestAfter is when the digest goes out that a notice made at that moment is part of.
func (p NoticePreferences) DigestAfter(at time.Time) time.Time {
	day := Day(at)
	for range longestQuiet {
		if slot := p.DigestAt.On(day); slot.After(at) && !p.quietDay(day) {
			return slot
		}
		day = day.AddDate(0, 0, 1)
	}
	return p.DigestAt.On(day)
}

// DigestBefore is the latest moment up to now at which a digest was due, zero when there is none for weeks.
func (p NoticePreferences) DigestBefore(now time.Time) time.Time {
	day := Day(now)
	for range longestQuiet {
		if slot := p.DigestAt.On(day); !slot.After(now) && !p.quietDay(day) {
			return slot
		}
		day = day.AddDate(0, 0, -1)
	}
	return time.Time{}
}
