//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_WATCH_HPP
#define STRAIT_LIB_POSIX_WATCH_HPP

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>

namespace strait::detail::os {

// What a watch calls: a plain function, with the object that is kept alive until then.
struct watch_callback {
    void (*function)(const std::shared_ptr<void>&);
    std::shared_ptr<void> object;
};

// Calls back on an executor, once for each start, when a handle can be read or written or its peer
// is gone. Not thread-safe: its owner's mutex covers every call; the callback comes without it,
// and says fired() once it holds it. A callback that was on its way when the watch was stopped may
// still come: it must bear being called for nothing.
class watch {
public:
    enum class direction { read, write };

    // Watches `h`, which must stay open until this is destroyed. With `own_copy` a duplicate is
    // watched, because one reactor takes the same descriptor only once.
    watch(const boost::asio::any_io_executor& executor, const handle& h, bool own_copy,
        error_code& ec);
    ~watch();

    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;

    const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

    void start(direction d, watch_callback callback);  // nothing when started already
    void fired() noexcept { started_ = false; }
    void stop() noexcept;

private:
    boost::asio::any_io_executor executor_;
    boost::asio::posix::stream_descriptor descriptor_;
    bool own_copy_;
    bool started_ = false;
};

}  // namespace strait::detail::os

#endif
