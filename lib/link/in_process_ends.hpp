//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_IN_PROCESS_ENDS_HPP
#define STRAIT_LIB_LINK_IN_PROCESS_ENDS_HPP

#include "link/cargo.hpp"
#include "link/context_service.hpp"
#include "link/in_process_channel.hpp"
#include "link/receiver_base.hpp"

#include <atomic>
#include <memory>
#include <mutex>

namespace strait::detail {

// One sender object of an in-process channel.
class in_process_sender final : public sender_core,
                                public context_client,
                                public std::enable_shared_from_this<in_process_sender> {
public:
    // `open`: it has joined the channel already.
    in_process_sender(std::shared_ptr<in_process_channel> channel,
        const asio::any_io_executor& executor, bool open)
        : channel_(std::move(channel)), open_(open), executor_(executor) {}
    ~in_process_sender() override { close(); }

    const channel_identity& identity() const noexcept override { return channel_->identity(); }
    std::shared_ptr<sender_core> clone(const asio::any_io_executor& executor) override;
    void bind(const asio::any_io_executor& executor) override;
    asio::any_io_executor executor() const override;
    bool is_open() const noexcept override { return open_.load(std::memory_order_acquire); }
    bool is_forked() const noexcept override { return channel_->is_forked(); }
    void cancel() noexcept override { channel_->end_all_of(this, completion::post); }
    void close() noexcept override;
    void start(send_operation& op) override;
    void cancel(std::uint64_t id, const error_code& why) noexcept override {
        channel_->cancel(id, why);
    }
    error_code send(outgoing_message& message, const deadline& until) override;
    error_code try_send(outgoing_message& message) override;
    const void* link_key() const noexcept override { return channel_.get(); }
    std::shared_ptr<lease_source> leases() noexcept override { return nullptr; }
    link_offer give_link(
        const std::shared_ptr<lease_source>& target, error_code& ec) override;
    void take_back_link(link_offer) noexcept override {}
    in_process_channel* in_process() noexcept override { return channel_.get(); }

private:
    void on_shutdown(asio::execution_context& context) noexcept override;

    const std::shared_ptr<in_process_channel> channel_;
    std::atomic<bool> open_;
    mutable std::mutex mutex_;  // of the executor
    asio::any_io_executor executor_;
    bool is_registered_ = false;  // with the service of the executor's context
};

// The receiver of an in-process channel.
class in_process_receiver final : public receiver_base {
public:
    in_process_receiver(receiver_place place, const asio::any_io_executor& executor);
    ~in_process_receiver() { close(); }

    // What arrived in a message of this process.
    static std::shared_ptr<in_process_receiver> make(
        cargo load, const asio::any_io_executor& executor);

    // Somebody else's thread has put something into the channel.
    void on_ready();

    void close() noexcept override;
    error_code join_set(const std::shared_ptr<set_host>& set, std::uint32_t number) override;
    std::unique_ptr<cargo> freeze(sender_core& through, error_code& ec) override;
    void thaw(std::unique_ptr<cargo> load) noexcept override;

private:
    outcome fetch(int& budget, finished_list& finished, incoming_message* direct) override;
    void look() override {}
    int whole_budget() const noexcept override { return 1; }
    error_code arm(bool& is_ready) override;
    bool waits_in_reactor() const noexcept override { return false; }
    void disarm() noexcept override;
    void detach(bool) noexcept override { disarm(); }
    void wait(std::unique_lock<std::mutex>& lock, const deadline& until) override;
    void left(incoming_message& message) noexcept override;
    bool came_back(incoming_message& message) noexcept override;

    receiver_place place_;
};

}  // namespace strait::detail

#endif
