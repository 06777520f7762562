//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_POLLER_HPP
#define STRAIT_LIB_POSIX_POLLER_HPP

#include "posix/watch.hpp"

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace strait::detail::os {

// Tells which of several streams can be read, at once, after blocking, or by a callback. Where the
// system has epoll, one descriptor of its own stands for all streams while there are two or more, so
// that a reactor sees a single one whatever their number. Not thread-safe.
class poller {
public:
    using stream_id = std::uint32_t;

    poller() = default;
    ~poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    // The stream stays open until it is removed.
    error_code add(const handle& stream, stream_id id);
    void remove(stream_id id) noexcept;

    // Everything that the other one tells of, now and later, counts as one stream here. It is removed
    // before either goes; both are used by one thread.
    error_code add(poller& inner, stream_id id);
    void remove(poller& inner) noexcept;

    // Which streams can be read or are at their end: all of them as of some moment during this
    // call. A negative timeout waits for ever. An interrupting signal is reported as such, and then
    // nothing is known.
    error_code wait(std::int64_t timeout_ns, std::vector<stream_id>& ready);

    // Calls back once when some stream can be read. A new wait, or cancel, takes the place of the
    // one before. For the callback see watch. Not while a thread is in wait.
    error_code async_wait(
        const boost::asio::any_io_executor& executor, const watch_callback& callback);
    void fired() noexcept;
    void cancel() noexcept;

    // Takes everything out of the reactor, before its context goes away or the streams move.
    void detach() noexcept;

    // Forgets what the reactor knows without touching it: for a forked child, which shares the
    // parent's.
    void abandon() noexcept;

private:
    void list_streams(std::vector<std::pair<const handle*, stream_id>>& all) const;
    error_code open_set();
    void drop_set_of_one() noexcept;
    error_code join(poller& inner);
    void leave(poller& inner) noexcept;
    error_code rejoin();
    error_code wait_for_streams(std::int64_t timeout_ns, std::vector<stream_id>& ready);
    error_code poll_streams(std::int64_t timeout_ns, std::vector<stream_id>& ready);
    error_code watch_handle(const boost::asio::any_io_executor& executor, const handle& h,
        std::unique_ptr<watch>& w, const watch_callback& callback);

    std::map<stream_id, const handle*> streams_;
    std::map<stream_id, poller*> inner_;
    poller* outer_ = nullptr;
    stream_id id_in_outer_ = 0;
    const handle* told_by_ = nullptr;                     // what the outer one's epoll watches
    handle set_;                                          // epoll
    std::unique_ptr<watch> watch_;                        // on set_, or on the only stream
    std::map<stream_id, std::unique_ptr<watch>> watches_;  // where there is no epoll
};

}  // namespace strait::detail::os

#endif
