//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_LEASE_TABLE_HPP
#define STRAIT_LIB_LINK_LEASE_TABLE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

// A program that puts the same reply sender into every request would pay a fresh pair of sockets for
// each, which Linux makes dear. So a link that was given through another link is *leased*: when its
// last sender is gone the holder parks it, says so on the link itself, and the giver can refer to it
// again by number. A parked link does not count as a sender.

namespace strait::detail {

class send_link;
struct incoming_message;

// The lease of a link whose receiver moved: nobody can take up the link again once it is parked.
inline constexpr std::uint32_t orphaned_lease = 0xffff'ffff;

// At the giver: who a link was given to, and the number of the next one. One for each link that
// messages go through.
class lease_source {
public:
    using target_id = std::uint64_t;

    target_id id() const noexcept { return id_; }
    std::uint32_t next() noexcept { return 1 + last_.fetch_add(1, std::memory_order_relaxed); }

    // A link that is parked there was to be used again, but it is not, and its receiver does not know
    // it as a parked one any more: the holder closes it.
    virtual void disuse(std::uint32_t lease) noexcept = 0;

protected:
    lease_source() noexcept : id_(next_id()) {}
    ~lease_source() = default;

private:
    static target_id next_id() noexcept {
        static std::atomic<target_id> last{0};
        return last.fetch_add(1, std::memory_order_relaxed) + 1;
    }

    const target_id id_;
    std::atomic<std::uint32_t> last_{0};
};

// Links that no sender uses, with the numbers of their leases.
using parked_links = std::vector<std::pair<std::uint32_t, std::shared_ptr<send_link>>>;

// Closes them. Dropping them is not enough, since senders that were closed may keep the links.
void discard_all(parked_links& links) noexcept;

// At the holder: the parked links that came through one link. It goes with that link; what lies in it
// then is closed. A message in line has the links that it refers to itself, so that they are there
// whatever becomes of the link and of the receiver. Thread-safe.
class lease_table {
public:
    // Keeps a link for which announce() has told the other side; not when the table is full or its
    // link is gone.
    template <class Announce>
    bool park(std::uint32_t lease, const std::shared_ptr<send_link>& l, Announce announce) {
        const std::lock_guard lock(mutex_);
        if (!open_ || parked_.size() >= max_parked || !announce()) return false;
        parked_.emplace_back(lease, l);
        return true;
    }

    bool is_empty() const noexcept;

    // The parked link of that number, or null.
    std::shared_ptr<send_link> take(std::uint32_t lease) noexcept;

    // Closes the link of that number, if there is one.
    void discard(std::uint32_t lease) noexcept;

    // Nothing is parked any more, and what was is closed; or returned, for a receiver that moves.
    void close() noexcept;
    parked_links take_all() noexcept;
    void reopen(parked_links links) noexcept;

private:
    // A holder that answers so many requests at the same time pays for the others.
    static constexpr std::size_t max_parked = 64;

    mutable std::mutex mutex_;
    bool open_ = true;
    parked_links parked_;
};

// Takes what a message refers to out of the table of its link, when it comes into the line.
void take_leased_links(incoming_message& m) noexcept;

}  // namespace strait::detail

#endif
