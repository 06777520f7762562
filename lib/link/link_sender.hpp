//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_LINK_SENDER_HPP
#define STRAIT_LIB_LINK_LINK_SENDER_HPP

#include "link/send_link.hpp"

#include <strait/detail/link/cores.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace strait::detail {

// One sender object over the link that it shares with its copies.
class link_sender final : public sender_core {
public:
    link_sender(std::shared_ptr<send_link> link, const asio::any_io_executor& executor);
    ~link_sender() override;

    // With `open` false it is closed from the start, else one that has joined the link already.
    link_sender(std::shared_ptr<send_link> link, const asio::any_io_executor& executor, bool open);

    // A sender, and the link that it is the first of.
    static std::shared_ptr<link_sender> make(handle stream, channel_identity identity,
        std::weak_ptr<link_receiver> local, const asio::any_io_executor& executor);

    const channel_identity& identity() const noexcept override { return link_->identity(); }
    std::shared_ptr<sender_core> clone(const asio::any_io_executor& executor) override;
    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override { return open_.load(std::memory_order_acquire); }
    bool is_forked() const noexcept override { return link_->is_forked(); }
    void cancel() noexcept override { link_->cancel_all_of(this); }
    void close() noexcept override;
    void start(send_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override {
        link_->cancel(id, why);
    }
    error_code send(outgoing_message& message, const deadline& until) override;
    error_code try_send(outgoing_message& message) override;
    error_code wait(block_request& request, const deadline& until) override;
    const void* link_key() const noexcept override { return link_.get(); }
    std::shared_ptr<lease_source> leases() noexcept override { return link_; }
    std::shared_ptr<block_lender> lender() noexcept override {
        return link_->has_pool() ? link_ : nullptr;
    }
    link_offer give_link(
        const std::shared_ptr<lease_source>& target, error_code& ec) override;
    void take_back_link(link_offer offer) noexcept override { link_->take_back(std::move(offer)); }

private:
    const std::shared_ptr<send_link> link_;
    std::atomic<bool> open_{true};
    mutable std::mutex mutex_;  // of the executor
    asio::any_io_executor executor_;
};

// How often senders that a value has already may occur in it again, so that their copies take no more
// memory than the value may.
std::uint64_t max_repeated_senders(std::uint64_t value_bytes, const limits& bounds) noexcept;

}  // namespace strait::detail

#endif
