//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_IN_PROCESS_CHANNEL_HPP
#define STRAIT_LIB_LINK_IN_PROCESS_CHANNEL_HPP

#include "link/message_line.hpp"
#include "wire/link_reader.hpp"

#include <strait/detail/link/cores.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

namespace strait::detail {

class in_process_receiver;

// The queue of a channel that has no object of the system: what was sent and not received. It holds
// a bound of bytes, beyond which sends wait. Thread-safe.
//
// Nothing of the user's, and nothing of another channel, is called with its mutex held.
class in_process_channel {
public:
    explicit in_process_channel(channel_identity identity);

    const channel_identity& identity() const noexcept { return identity_; }
    bool is_forked() const noexcept;

    // Senders. When none is left, none can join the others any more.
    void join() noexcept;
    bool join_others() noexcept;
    void leave() noexcept;

    // Every one of these takes a message that is prepared. `op` is finished in any case.
    void start(send_operation& op);
    error_code send(outgoing_message& message, const void* owner, const deadline& until);
    error_code try_send(outgoing_message& message);

    void cancel(std::uint64_t id, const error_code& why) noexcept;
    void end_all_of(const void* owner, completion how) noexcept;

    // The receiver, or what stands for it.

    enum class found { message, nothing, ended };

    // The next message. The operations that could send one since are in `sent`, to be finished.
    found pop(incoming_message& out, operation_queue<send_operation>& sent);

    // Once there is something, tells the receiver so, or the set that it is in; not while its
    // thread is blocked in wait. arm returns false when there is something already.
    bool arm(const std::shared_ptr<in_process_receiver>& receiver) noexcept;
    void disarm() noexcept;
    void tell(std::weak_ptr<set_host> host, std::uint32_t number) noexcept;
    void wait(const deadline& until);

    // The receiver is gone, and with it what it did not receive.
    void end_receiver() noexcept;

    // The receiver lies unread in the queue of `carrier`; refused when the receiver of that one lies in
    // this queue, directly or not: nobody could ever receive either. And no longer.
    error_code enter(in_process_channel& carrier) noexcept;
    void leave_carrier() noexcept;

private:
    using queue = operation_queue<send_operation>;

    // Whom to tell, when the mutex is released, that there is something.
    struct notice {
        std::shared_ptr<in_process_receiver> receiver;
        std::shared_ptr<set_host> host;
        std::uint32_t number = 0;

        void give() const noexcept;
    };

    // With the mutex held.
    static std::size_t charge(std::size_t bytes) noexcept;
    bool fits(const outgoing_message& message) const noexcept;
    error_code enqueue(send_operation& op, bool may_wait, notice& to_give) noexcept;
    error_code deliver(outgoing_message& message) noexcept;
    error_code deliver_what_fits(
        send_operation& op, std::uint64_t& delivered_bytes) noexcept;
    std::span<std::byte> room_for(std::size_t bytes);
    void remove(send_operation& op, const error_code& result, queue& finished) noexcept;
    notice take_notice() noexcept;

    // Without it.
    static void finish(queue& finished, completion how) noexcept;

    const channel_identity identity_;
    const std::uint64_t generation_;

    std::mutex mutex_;
    std::size_t senders_ = 0;
    bool receiver_gone_ = false;
    message_line line_;
    std::size_t held_bytes_ = 0;
    queue waiting_;
    std::uint64_t waiting_bytes_ = 0;
    std::condition_variable room_;     // for blocking senders
    std::condition_variable arrived_;  // for a blocking receiver
    std::weak_ptr<in_process_receiver> armed_;
    bool is_armed_ = false;
    std::weak_ptr<set_host> host_;
    std::uint32_t number_ = 0;
    bool has_host_ = false;

    // Small messages are copied here, so that sending them allocates nothing.
    chunk_ptr chunk_;
    std::size_t end_ = 0;

    in_process_channel* carrier_ = nullptr;  // belongs to a mutex of all channels
};

// The receiving side, wherever it is at the moment; ends it when dropped.
class receiver_place {
public:
    receiver_place() noexcept = default;
    explicit receiver_place(std::shared_ptr<in_process_channel> channel) noexcept
        : channel_(std::move(channel)) {}
    receiver_place(receiver_place&&) noexcept = default;
    receiver_place& operator=(receiver_place&& other) noexcept {
        std::swap(channel_, other.channel_);
        return *this;
    }
    ~receiver_place() {
        if (channel_) channel_->end_receiver();
    }

    explicit operator bool() const noexcept { return channel_ != nullptr; }
    in_process_channel* operator->() const noexcept { return channel_.get(); }
    in_process_channel& operator*() const noexcept { return *channel_; }

private:
    std::shared_ptr<in_process_channel> channel_;
};

// Drops messages whose ends may be of channels full of messages with ends, and so on, without
// recursion.
void bury(incoming_message message) noexcept;

}  // namespace strait::detail

#endif
