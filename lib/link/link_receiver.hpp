//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_LINK_RECEIVER_HPP
#define STRAIT_LIB_LINK_LINK_RECEIVER_HPP

#include "link/cargo.hpp"
#include "link/inbox.hpp"
#include "link/receiver_base.hpp"
#include "posix/poller.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace strait::detail {

// A receiver over its links, which the inbox merges. It reads only while somebody wants a message.
class link_receiver final : public receiver_base {
public:
    link_receiver(channel_identity identity, const asio::any_io_executor& executor);
    ~link_receiver();

    // Throws system_error when the cargo is not fit.
    static std::shared_ptr<link_receiver> make(
        channel_identity identity, cargo load, const asio::any_io_executor& executor);

    // The first link of a new channel.
    error_code add_first(handle stream);

    // A link for a sender that leaves this process. False: use an adopt frame, because the receiver
    // has moved, or somebody waits for what it has.
    bool adopt_here(handle& stream, lease_source::target_id target, std::uint32_t lease);

    // The number of a link that was given to that target and is parked: it is in use again. 0: there
    // is none. And the same back.
    std::uint32_t take_up(lease_source::target_id target);
    // False: the receiver, or the link, is not here any more.
    bool give_back(lease_source::target_id target, std::uint32_t lease) noexcept;

    void close() noexcept override;
    error_code join_set(const std::shared_ptr<set_host>& set, std::uint32_t number) override;
    std::unique_ptr<cargo> freeze(sender_core& through, error_code& ec) override;
    void thaw(std::unique_ptr<cargo> load) noexcept override;

private:
    static void on_ready(const std::shared_ptr<void>& object);

    outcome fetch(int& budget, finished_list& finished, incoming_message* direct) override;
    void look() override;
    int whole_budget() const noexcept override;
    error_code arm(bool& is_ready) override;
    bool waits_in_reactor() const noexcept override { return true; }
    void disarm() noexcept override;
    void detach(bool in_shutdown) noexcept override;
    void wait(std::unique_lock<std::mutex>& lock, const deadline& until) override;

    // With the mutex held.
    error_code watch();
    bool read_link(inbox::link& l);
    bool accept_read(inbox::link_id id, const os::io_result& io, std::size_t room);
    void process_news();
    void adopt(inbox::adoption a);
    error_code add_to_poller(const inbox::link& l) noexcept;
    bool greet(const handle& stream) noexcept;
    error_code restore(cargo load, bool check);

    inbox box_;
    os::poller poller_;
    bool is_armed_ = false;    // the poller will call back
    set_host* set_ = nullptr;  // that it is in
    std::vector<inbox::link_id> ready_;
    std::vector<os::handle_batch> batches_;
};

}  // namespace strait::detail

#endif
