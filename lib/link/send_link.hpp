//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_SEND_LINK_HPP
#define STRAIT_LIB_LINK_SEND_LINK_HPP

#include "link/block_lender.hpp"
#include "link/context_service.hpp"
#include "link/lease_table.hpp"
#include "posix/memory.hpp"
#include "posix/stream.hpp"
#include "posix/watch.hpp"

#include <strait/detail/link/cores.hpp>

#include <boost/asio/execution_context.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace strait::detail {

class blocking_send;
class link_receiver;

namespace wire {
class write_plan;
}

// The link that all senders of one channel in one process share, and the queue of what waits to be
// written to it. Whoever waits drives the queue: the executors of the asynchronous sends and the
// threads of the blocking ones, each for all. Thread-safe.
class send_link final : public context_client,
                        public block_lender,
                        public lease_source,
                        public std::enable_shared_from_this<send_link> {
public:
    // `local` is the receiver, if it is in this process.
    send_link(handle stream, channel_identity identity, std::weak_ptr<link_receiver> local);
    ~send_link();

    const channel_identity& identity() const noexcept { return identity_; }
    bool is_forked() const noexcept;

    // Senders that use the link. When none is left the stream is closed or parked, and none can join
    // the others any more.
    void join() noexcept;
    bool join_others() noexcept;
    void leave() noexcept;

    // Every one of these takes a message that is prepared, or waits for a block; `op` is finished in any case.
    void start(send_operation& op, const asio::any_io_executor& executor);
    error_code send(outgoing_message& message, const void* owner, const deadline& until);
    error_code try_send(outgoing_message& message);
    error_code wait(block_request& request, const void* owner, const deadline& until);

    void cancel(std::uint64_t id, const error_code& why) noexcept;
    void cancel_all_of(const void* owner) noexcept;

    // A link for another process, known to the receiver. It does not wait for anything; past what
    // the system can hold it fails with no_buffer_space.
    link_offer extend(const std::shared_ptr<lease_source>& target, error_code& ec);

    // Takes back what was not given away.
    void take_back(link_offer offer) noexcept;

    void disuse(std::uint32_t lease) noexcept override;

    // This link was given to this process under a lease: when its senders are gone it is parked
    // rather than closed, for as long as the link that it came through lives.
    void set_lease(std::weak_ptr<lease_table> home, std::uint32_t lease) noexcept;

    // Closes a parked link.
    void discard() noexcept;

    // Large messages travel in blocks.
    bool has_pool() const noexcept {
        return os::has_seals && identity_.bounds.max_pool_bytes != 0 &&
               identity_.bounds.max_handles_per_message != 0;
    }
    pool_block* lend(std::size_t bytes) noexcept override;
    void give_back(pool_block& block) noexcept override;

    // For a parked link that moves along with a receiver.
    const handle& stream() const noexcept { return stream_; }
    std::uint32_t lease() const noexcept { return lease_; }

private:
    using queue = operation_queue<send_operation>;

    // Waits for the link on one executor, for all sends that were started there.
    struct waiter : operation_group {
        std::weak_ptr<send_link> link;
        std::unique_ptr<os::watch> watch;
        bool reads = false;  // waits for what the receiver says
    };

    // Operations that wait on that context are destroyed, and nothing of the link stays in its
    // reactor, whatever became of the senders that were bound to it.
    void on_shutdown(asio::execution_context& context) noexcept override;
    static void on_ready(const std::shared_ptr<void>& object);

    // All of these are called with the mutex held; finish without it. But for start_watch none throws: where
    // there is no memory, the send that needed it fails.
    error_code usable() const noexcept;
    error_code enqueue(send_operation& op, bool may_wait);
    void flush(queue& finished);
    void write_all(queue& finished);
    void finish_written(queue& finished);
    bool advance_written(send_operation& op) noexcept;
    error_code write_carry();
    error_code write_once(queue& finished);
    void add_messages(wire::write_plan& plan) noexcept;
    bool owes_frames() const noexcept { return owes_withdraw_ || !disused_.empty(); }
    void write_owed();
    void break_link(const error_code& why, queue& finished);
    void withdraw(send_operation& op, const error_code& why, queue& finished);
    void give_up(send_operation& op, const error_code& why, queue& finished);
    void remove(send_operation& op, const error_code& result, queue& finished);
    error_code wait_on(send_operation& op, const asio::any_io_executor& executor);
    void start_watch(const std::shared_ptr<waiter>& w);
    void restart_watch(const std::shared_ptr<waiter>& w, queue& finished);
    void keep_rest(std::span<const std::byte> rest) noexcept;
    error_code write_adopt(const handle& receiving_side);
    error_code write_control(
        std::span<const std::byte> frame, std::span<const handle* const> handles);
    bool write_park();
    bool write_no_blocks();
    void drop_waiters() noexcept;
    void close_stream() noexcept;
    void drop_idle_waiters() noexcept;
    error_code send_blocked(blocking_send& op, const deadline& until);
    void wait_blocked(std::unique_lock<std::mutex>& lock, queue& finished, const deadline& until);
    static void finish(queue& finished, completion how);

    // Large messages.
    pool_block* take_block(std::size_t bytes) noexcept;
    bool find_way(send_operation& op, queue& finished);
    void read_back() noexcept;
    bool take_back_frames(std::span<const std::byte> bytes) noexcept;

    const channel_identity identity_;
    const std::weak_ptr<link_receiver> local_;
    const std::uint64_t generation_;

    std::atomic<std::size_t> senders_{0};
    std::mutex mutex_;
    handle stream_;
    error_code broken_;
    queue queue_;
    std::uint64_t waiting_bytes_ = 0;
    bool owes_withdraw_ = false;   // the message in the midst of which a send was cancelled
    std::vector<std::byte> carry_;  // the rest of a write that the system took in part
    std::vector<std::shared_ptr<waiter>> waiters_;
    block_pool pool_;
    bool awaits_release_ = false;  // the first in the queue waits for a block
    bool said_want_ = false;       // and the receiver knows
    error_code back_fault_;        // what was wrong with what it said
    std::array<std::byte, 24> back_;  // the beginning of a frame from the receiver
    std::size_t back_bytes_ = 0;
    std::vector<os::handle_batch> no_handles_;  // of a receiver that breaks its word
    link_offer spare_;
    std::vector<std::uint32_t> disused_;  // leases, of which the other side is to be told
    std::weak_ptr<lease_table> lease_home_;
    std::uint32_t lease_ = 0;

    // Blocking senders: one polls, the others wait for it.
    std::condition_variable changed_;
    bool polling_ = false;
    bool closes_after_poll_ = false;
    os::wake_event wake_;
};

}  // namespace strait::detail

#endif
