//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/watch.hpp"

#include <utility>

namespace strait::detail::os {

watch::watch(const boost::asio::any_io_executor& executor, const handle& h, bool own_copy,
    error_code& ec)
    : executor_(executor), descriptor_(executor), own_copy_(own_copy) {
    ec.clear();
    if (!own_copy) {
        descriptor_.assign(h.native_handle(), ec);
        return;
    }
    handle copy = h.duplicate(ec);
    if (ec) return;
    descriptor_.assign(copy.native_handle(), ec);
    if (!ec) copy.release();
}

watch::~watch() {
    // Takes the descriptor out of the reactor without closing it where it is not ours.
    if (!own_copy_ && descriptor_.is_open()) descriptor_.release();
}

void watch::start(direction d, watch_callback callback) {
    if (started_) return;
    descriptor_.async_wait(d == direction::read
                               ? boost::asio::posix::descriptor_base::wait_read
                               : boost::asio::posix::descriptor_base::wait_write,
        [callback = std::move(callback)](const error_code& ec) {
            if (ec != boost::asio::error::operation_aborted) callback.function(callback.object);
        });
    started_ = true;
}

void watch::stop() noexcept {
    if (!std::exchange(started_, false)) return;
    error_code ignored;
    descriptor_.cancel(ignored);
}

}  // namespace strait::detail::os
