//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/context_service.hpp"

#include <boost/asio/query.hpp>

#include <algorithm>

namespace strait::detail {

void context_service::add(const std::weak_ptr<context_client>& client) {
    const std::lock_guard lock(mutex_);
    if (clients_.size() >= sweep_at_) {
        std::erase_if(clients_, [](const auto& c) { return c.expired(); });
        sweep_at_ = std::max<std::size_t>(64, 2 * clients_.size());
    }
    clients_.push_back(client);
}

context_service& context_service::of(const boost::asio::any_io_executor& executor) {
    return boost::asio::use_service<context_service>(
        boost::asio::query(executor, boost::asio::execution::context));
}

void context_service::shutdown() {
    // Destroying handlers can end other clients, and their destructors may come back here.
    for (;;) {
        std::weak_ptr<context_client> next;
        {
            const std::lock_guard lock(mutex_);
            if (clients_.empty()) return;
            next = std::move(clients_.back());
            clients_.pop_back();
        }
        if (const auto client = next.lock()) client->on_shutdown(context());
    }
}

}  // namespace strait::detail
