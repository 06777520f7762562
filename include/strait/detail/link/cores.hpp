//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_CORES_HPP
#define STRAIT_DETAIL_LINK_CORES_HPP

#include <strait/detail/attachments.hpp>
#include <strait/detail/config.hpp>
#include <strait/detail/deadline.hpp>
#include <strait/detail/link/operation.hpp>
#include <strait/error.hpp>
#include <strait/limits.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

// The ends of a channel without their types: what the typed ends are made of.

namespace strait {

/// Something a peer did wrong, and what it cost. Given to the fault handler of a receiver.
struct fault {
    /// What was wrong. `error::bad_message`, `error::bad_attachment`, `error::handles_lost` and the
    /// like cost one message; `error::protocol_violation`, `error::message_too_large` and
    /// `error::too_many_handles` ended the link to that peer; `error::too_many_links` refused one.
    error_code code;

    /// Names both sides when `code` is `error::type_mismatch`.
    diagnostics details;
};

namespace detail {

namespace os {
class poller;
}

namespace asio = boost::asio;

// What a channel is, told to everybody who gets an end of it.
struct channel_identity {
    std::uint64_t id[2] = {0, 0};
    std::uint64_t fingerprint = 0;
    std::string type_name;
    limits bounds;

    bool is_same_channel(const channel_identity& other) const noexcept {
        return id[0] == other.id[0] && id[1] == other.id[1];
    }
};

// Whether a channel is of that type; else names both.
STRAIT_DECL bool check_type(
    const channel_identity& found, const type_identity& expected, diagnostics& details);

class lease_source;
class block_lender;
class in_process_channel;

// A link given to another process: a new one, or by number one that was given there before.
struct link_offer {
    handle stream;
    std::uint32_t lease = 0;   // 0: it cannot be parked
    std::uint64_t target = 0;  // of a link given before
    std::weak_ptr<lease_source> through;  // and who was to say so
};

// One sender object. Senders of one channel in one process share a link. Thread-safe.
class sender_core {
public:
    virtual ~sender_core() = default;

    virtual const channel_identity& identity() const noexcept = 0;

    // One more sender of the channel, on that executor (which may be empty).
    virtual std::shared_ptr<sender_core> clone(const asio::any_io_executor& executor) = 0;

    virtual void bind(const asio::any_io_executor& executor) = 0;
    virtual asio::any_io_executor executor() const = 0;
    virtual bool is_open() const noexcept = 0;

    // Whether the process was forked since it was made.
    virtual bool is_forked() const noexcept = 0;

    // Pending operations of this sender complete with operation_aborted; later ones fail if closed.
    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;

    // Sends the message of the operation, or queues it; the operation is finished in any case.
    virtual void start(send_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;

    virtual error_code send(outgoing_message& message, const deadline& until) = 0;
    virtual error_code try_send(outgoing_message& message) = 0;

    // Waits for a block where there is a lender.
    virtual error_code wait(block_request&, const deadline&) { return {}; }

    // For a message that carries this sender through another one: what is the same for all senders
    // that share a link; a link for the process at the other side of that one; and the same back
    // when it was not given away.
    virtual const void* link_key() const noexcept = 0;
    virtual std::shared_ptr<lease_source> leases() noexcept = 0;
    virtual link_offer give_link(const std::shared_ptr<lease_source>& target, error_code& ec) = 0;
    virtual void take_back_link(link_offer offer) noexcept = 0;

    // Where large values are encoded to, if there is such a place.
    virtual std::shared_ptr<block_lender> lender() noexcept { return nullptr; }

    // The channel if it stays in this process: what goes through it travels as it is.
    virtual in_process_channel* in_process() noexcept { return nullptr; }
};

// A buffer to encode into that this thread used before, if there is one; and one to be used again.
STRAIT_DECL byte_buffer spare_buffer() noexcept;
STRAIT_DECL void keep_buffer(byte_buffer buffer) noexcept;

struct cargo;
struct carried_item;

// What a set of receivers offers to its members: a poller that they can be a part of, or to be told.
class set_host {
public:
    virtual os::poller& poller() noexcept = 0;

    // Whether it can be told; and that the member of that number has something, from any thread.
    virtual error_code accept_notices() = 0;
    virtual void notify(std::uint32_t number) noexcept = 0;

protected:
    ~set_host() = default;
};

// One receiver object. An operation that was started is finished exactly once unless the context
// goes away. One thread or strand at a time, but for start, cancel and take of one operation.
class receiver_core {
public:
    virtual ~receiver_core() = default;

    virtual const channel_identity& identity() const noexcept = 0;

    virtual void bind(const asio::any_io_executor& executor) = 0;
    virtual asio::any_io_executor executor() const = 0;
    virtual bool is_open() const noexcept = 0;
    virtual void cancel() noexcept = 0;
    virtual void close() noexcept = 0;

    virtual void start(recv_operation& op) = 0;
    virtual void cancel(std::uint64_t id, const error_code& why) noexcept = 0;

    // On the operation's final executor, before its handler is called. False: the operation waits
    // again, because its message was taken by somebody else.
    virtual bool take(recv_operation& op, incoming_message& out) = 0;

    // The message taken was of no use: the operation waits for the next, first in line.
    virtual void restart(recv_operation& op) = 0;

    // The operation will not be completed: its context is going away.
    virtual void forget(recv_operation& op) noexcept = 0;

    virtual error_code recv(incoming_message& out, const deadline& until) = 0;

    virtual error_code try_recv(incoming_message& out) = 0;

    // The same without calling the fault handler: see tell_faults. With `look` the system is asked
    // for more once what was read is given out; else would_block says no more than that.
    virtual error_code try_take(incoming_message& out, bool look) = 0;

    // As many as are at hand, without asking the system for more. How many.
    virtual std::size_t take_more(std::span<incoming_message> out) = 0;

    // A message that was taken is first in line again.
    virtual void put_back(incoming_message message) = 0;

    // For a set of receivers: what this one waits for becomes a part of what the set waits for, under
    // that number; until it is null again.
    virtual error_code join_set(const std::shared_ptr<set_host>& set, std::uint32_t number) = 0;

    // Counts a fault and tells the handler; true when faults are to be delivered to the caller.
    virtual bool report(const fault& f) = 0;

    // The same for a message that nobody decodes here; the handler is told later.
    virtual bool note_fault(const error_code& code) = 0;
    virtual std::uint64_t faults() const noexcept = 0;
    virtual void on_fault(std::function<void(const fault&)> handler) = 0;
    virtual void deliver_faults(bool on) noexcept = 0;

    // What the handler was not told yet, now or on the executor of the receiver.
    virtual bool has_untold_faults() const noexcept = 0;
    virtual void tell_faults() = 0;
    virtual void tell_faults_later() = 0;

    // For a message that carries this receiver through that sender: it stops, and everything unread
    // leaves it; or comes back because the message was not sent.
    virtual std::unique_ptr<cargo> freeze(sender_core& through, error_code& ec) = 0;
    virtual void thaw(std::unique_ptr<cargo> what) noexcept = 0;
};

// Gives the attachments of a message, which must outlive it, to the codec. The receiver is the one that the message came
// through: what is decoded is bound to its executor.
class message_reader final : public attachment_reader {
public:
    // Finds the attachment table; throws.
    STRAIT_DECL message_reader(incoming_message& message, receiver_core& receiver);
    STRAIT_DECL ~message_reader();

    // The encoded value.
    std::span<const std::byte> value() const noexcept { return value_; }

    STRAIT_DECL handle take_handle(std::uint32_t index) override;
    STRAIT_DECL std::shared_ptr<sender_core> take_sender(
        std::uint32_t index, const type_identity& expected) override;
    STRAIT_DECL std::shared_ptr<receiver_core> take_receiver(
        std::uint32_t index, const type_identity& expected) override;
    STRAIT_DECL std::shared_ptr<const region> take_region(std::uint32_t index) override;
    STRAIT_DECL payload_part take_payload(std::uint32_t index) override;

    // Throws unless everything was taken.
    STRAIT_DECL void finish() const;

    // Names both types after a type_mismatch.
    const diagnostics& details() const noexcept { return details_; }

private:
    struct entry;
    struct loan_entry;

    void read_loans(std::span<const std::byte> refs, std::span<handle>& handles);
    entry& find(std::uint32_t index, int kind);
    carried_item* find_carried(std::uint32_t index, int kind);
    void require_type(const channel_identity& found, const type_identity& expected);

    receiver_core& receiver_;
    incoming_message& message_;
    std::shared_ptr<carried_load> carried_;
    asio::any_io_executor executor_;
    std::span<const std::byte> value_;
    std::vector<entry> entries_;
    std::vector<loan_entry> loans_;
    std::uint64_t repeated_senders_ = 0;
    diagnostics details_;
};

// Brings the bytes of a message that may have no attachments to where `body` says. What it should
// not have is an error.
STRAIT_DECL error_code unfold(incoming_message& message) noexcept;

// The bytes of a message that consists of nothing else, where they lie. After an error the message is
// of no use.
STRAIT_DECL payload_part view_payload(incoming_message& message, error_code& ec);

// Memory to be filled and sent through that sender; `writable` is all of it.
STRAIT_DECL std::shared_ptr<payload> allocate_payload(
    const std::shared_ptr<sender_core>& through, std::size_t bytes,
    std::span<std::byte>& writable, error_code& ec);

// The same in two steps, with a wait between them: whether there is memory of the channel to be waited
// for; and what that gave, or else memory of the heap.
STRAIT_DECL bool begin_allocation(const std::shared_ptr<sender_core>& through, std::size_t bytes,
    block_request& request, error_code& ec);
STRAIT_DECL std::shared_ptr<payload> end_allocation(block_request& request, std::size_t bytes,
    std::span<std::byte>& writable, error_code& ec);

using channel_cores = std::pair<std::shared_ptr<sender_core>, std::shared_ptr<receiver_core>>;

// Makes a channel, over a link or within this process. The executor may be empty.
STRAIT_DECL channel_cores make_channel_cores(const type_identity& type, const limits& bounds,
    const asio::any_io_executor& executor, error_code& ec);
STRAIT_DECL channel_cores make_in_process_cores(
    const type_identity& type, const limits& bounds, const asio::any_io_executor& executor);

}  // namespace detail
}  // namespace strait

#endif
