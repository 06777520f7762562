//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_INBOX_HPP
#define STRAIT_LIB_LINK_INBOX_HPP

#include "link/block_table.hpp"
#include "link/lease_table.hpp"
#include "posix/stream.hpp"
#include "wire/link_reader.hpp"

#include <strait/detail/wire/incoming_message.hpp>
#include <strait/limits.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace strait::detail {

// What a receiver has read but not given out, over all its links, and the order in which it may be
// given out. It makes no system call: next() says what must be done, the owner does it and reports.
//
// The order: every message carries the time of its write. A message may be given out when it is the
// oldest at hand and no link can hold an older one: each other link has a message too, or was seen
// without bytes after that time. A round makes the second true for all links at once: note the
// time, ask which links can be read, read those. Messages older than the round need no further
// system call.
class inbox {
public:
    using link_id = std::uint32_t;
    static constexpr link_id no_link = 0;

    struct link {
        link_id id = no_link;
        handle stream;
        wire::link_reader reader;
        link_id account = no_link;  // the link from which it descends by adoption
        // Not 0: given to that target under this number, and may be parked by it.
        std::uint32_t lease = 0;
        lease_source::target_id lease_target = 0;
        bool parked = false;
        // What came through this link and is parked here.
        std::shared_ptr<lease_table> leases;
        // Those of its blocks that were used here.
        std::shared_ptr<block_table> blocks;
        bool ended = false;

    private:
        friend class inbox;
        // NOLINTBEGIN(readability-identifier-naming): an aggregate's, but for those who may use them
        incoming_message head;
        bool has_head = false;
        bool is_pending = false;  // must be read before anything is given out
        bool is_listed = false;   // in pending_
        bool is_drained = false;  // the last read found nothing
        // Everything that lay in it at this time was read.
        std::uint64_t clear_at = 0;
        // The next so many bytes lay in it at that time.
        std::uint64_t marker_left = 0;
        std::uint64_t marker_at = 0;
        std::size_t held_bytes = 0;  // counted in held_bytes_
        // NOLINTEND(readability-identifier-naming)
    };

    enum class action {
        give,   // the head of the link is next
        read,   // the link must be read
        round,  // begin_round with the links that can be read
        wait,   // nothing at hand: wait until some link can be read
        end,    // no link is left that could bring anything
    };
    struct step {
        action what;
        link_id on = no_link;
    };

    struct adoption {
        link_id by;
        link_id account;  // that is charged, also when `by` is gone
        handle stream;
    };
    struct fault {
        link_id on;
        error_code code;
    };

    explicit inbox(const limits& bounds) : bounds_(bounds) {}

    // A link is read before anything else is given out. Returns no_link past the limits. What a link
    // adopts is charged to the one that it descends from itself: a peer cannot get more by links
    // that adopt links.
    link_id add(handle stream, link_id adopted_by);
    link* find(link_id id) noexcept;
    std::size_t link_count() const noexcept { return links_.size(); }
    link& only_link() noexcept { return *links_.begin()->second; }

    step next();

    // Links must still be read. No round begins before that is done, or those that are always ready
    // would keep the others from being read.
    bool must_read() noexcept { return first_pending() != nullptr; }

    // Into a message that lies where it shall be: moving one costs more than all the rest here.
    void pop(link_id id, incoming_message& into);

    // Room for one read of the link, and what it brought. `filled`: it brought as much as fits,
    // or handles, so that more may be there. Then `unread` must tell how much, if asked for.
    std::span<std::byte> prepare(link& l) {
        return l.reader.prepare(wire::chunk_cache::of_this_thread());
    }
    void on_read(link& l, std::size_t bytes, std::vector<os::handle_batch>& batches, bool filled,
        std::uint64_t now);
    bool wants_unread(const link& l) const noexcept;
    void on_unread(link& l, std::uint64_t bytes);
    void on_nothing(link& l);
    void on_end(link& l);

    // All links but the ready ones were without bytes at some moment after `now`.
    void begin_round(std::uint64_t now, std::span<const link_id> ready);

    // The same when there is one link or none: it shall be looked at again.
    void recheck(std::uint64_t now);

    // The peer broke its word, or the owner wants the link to go.
    void drop(link_id id, error_code why);

    // A link given to that target that is parked now, or null; such a link is in use again, or is
    // not after all.
    link* find_parked(lease_source::target_id target) noexcept;
    link* find_lease(lease_source::target_id target, std::uint32_t lease) noexcept;
    void unpark(link& l) noexcept;
    void park(link& l);

    // What came up while reading, to be acted on by the owner at once.
    std::vector<adoption> take_adoptions() noexcept { return std::exchange(adoptions_, {}); }
    std::vector<fault> take_faults() noexcept { return std::exchange(faults_, {}); }
    // Links that ended since the last call: their streams are still open in the links returned, and so
    // are their lease tables, which the messages popped before may need.
    std::vector<std::unique_ptr<link>> take_gone() noexcept { return std::exchange(gone_, {}); }
    bool has_news() const noexcept {
        return !adoptions_.empty() || !faults_.empty() || !gone_.empty();
    }

    using link_map = std::unordered_map<link_id, std::unique_ptr<link>>;

    // For a receiver that moves: all links leave, each with its head if it has one; and come back, for
    // which no memory is needed, or arrive. They keep their numbers, and so what they are charged to.
    struct moving_link {
        moving_link() = default;
        moving_link(moving_link&&) noexcept = default;
        // It has arrived elsewhere, or stays behind: nobody uses what is parked here any more.
        ~moving_link() { discard_all(parked); }

        std::unique_ptr<link> what;
        std::optional<incoming_message> head;
        parked_links parked;
        link_map::node_type place;  // of one that may come back
    };
    std::vector<moving_link> take_links();
    link_id restore(moving_link l, bool arrives, std::uint64_t now);

    // For one that is closed.
    link_map close() noexcept;

private:
    struct dated {
        std::uint64_t stamp;
        link_id on;
        // The oldest on top of the heap; equal stamps in the order of the links.
        friend bool operator<(const dated& a, const dated& b) noexcept {
            return a.stamp != b.stamp ? a.stamp > b.stamp : a.on > b.on;
        }
    };

    link_id new_id() noexcept;
    link& insert(std::unique_ptr<link> l, link_map::node_type place = {});
    void forget_all() noexcept;
    void advance(link& l);
    void read_events(link& l);
    bool begin_use(link& l);
    static bool has_half_with_handles(const link& l) noexcept;
    void set_pending(link& l);
    link* first_pending() noexcept;
    bool count_held(link& l);
    void remove(link_id id);

    limits bounds_;
    link_map links_;
    std::vector<dated> heads_;       // a heap
    std::vector<link_id> pending_;   // must be read before anything is given out
    std::unordered_multimap<lease_source::target_id, link_id> parked_;
    std::unordered_map<link_id, std::uint32_t> accounts_;  // links that live on each
    std::uint64_t held_bytes_ = 0;   // of messages that came in fragments, over all links
    std::uint64_t round_ = 0;        // when it began
    link_id last_id_ = no_link;
    std::vector<adoption> adoptions_;
    std::vector<fault> faults_;
    std::vector<std::unique_ptr<link>> gone_;
};

}  // namespace strait::detail

#endif
