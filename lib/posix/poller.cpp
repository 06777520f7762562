//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>

#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
#define STRAIT_HAS_EPOLL 1
#include <sys/epoll.h>
#endif

namespace strait::detail::os {

namespace {

int to_milliseconds(std::int64_t timeout_ns) noexcept {
    if (timeout_ns < 0) return -1;
    return static_cast<int>(std::min<std::int64_t>((timeout_ns + 999'999) / 1'000'000, INT_MAX));
}

error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

#if defined(STRAIT_HAS_EPOLL)
error_code add_to_set(const handle& set, const handle& stream, poller::stream_id id) noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = id;
    if (::epoll_ctl(set.native_handle(), EPOLL_CTL_ADD, stream.native_handle(), &event) == 0)
        return {};
    return last_error();
}
#endif

}  // namespace

poller::~poller() = default;

error_code poller::add(const handle& stream, stream_id id) {
#if defined(STRAIT_HAS_EPOLL)
    if (set_.is_open()) {
        if (error_code ec = add_to_set(set_, stream, id)) return ec;
    } else if (!streams_.empty()) {
        handle set(::epoll_create1(EPOLL_CLOEXEC));
        if (!set.is_open()) return last_error();
        for (const auto& [other_id, other] : streams_)
            if (error_code ec = add_to_set(set, *other, other_id)) return ec;
        if (error_code ec = add_to_set(set, stream, id)) return ec;
        watch_.reset();  // it was on the only stream
        set_ = std::move(set);
    }
#endif
    streams_.emplace(id, &stream);
    return {};
}

void poller::remove(stream_id id) noexcept {
    const auto at = streams_.find(id);
    if (at == streams_.end()) return;
#if defined(STRAIT_HAS_EPOLL)
    // Not left to close(): the description may live on in another process.
    if (set_.is_open())
        ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, at->second->native_handle(), nullptr);
    else
        watch_.reset();
#endif
    watches_.erase(id);
    streams_.erase(at);
}

error_code poller::wait(std::int64_t timeout_ns, std::vector<stream_id>& ready) {
    ready.clear();
#if defined(STRAIT_HAS_EPOLL)
    if (set_.is_open()) {
        // Room for all of them: what is missing from a full answer could not be called idle.
        constexpr std::size_t few = 64;
        epoll_event small[few];
        std::vector<epoll_event> large(streams_.size() > few ? streams_.size() : 0);
        epoll_event* events = large.empty() ? small : large.data();
        const int room = static_cast<int>(large.empty() ? few : large.size());
        const int n = ::epoll_wait(set_.native_handle(), events, room, to_milliseconds(timeout_ns));
        if (n < 0) return last_error();
        for (int i = 0; i < n; ++i) ready.push_back(events[i].data.u32);
        return {};
    }
#endif
    return poll_streams(timeout_ns, ready);
}

error_code poller::poll_streams(std::int64_t timeout_ns, std::vector<stream_id>& ready) {
    std::vector<pollfd> fds;
    fds.reserve(streams_.size());
    for (const auto& [id, stream] : streams_) fds.push_back({stream->native_handle(), POLLIN, 0});
    const int n =
        ::poll(fds.data(), static_cast<nfds_t>(fds.size()), to_milliseconds(timeout_ns));
    if (n < 0) return last_error();
    std::size_t i = 0;
    for (const auto& [id, stream] : streams_)
        if (fds[i++].revents != 0) ready.push_back(id);
    return {};
}

error_code poller::watch_handle(const boost::asio::any_io_executor& executor, const handle& h,
    std::unique_ptr<watch>& w, const watch_callback& callback) {
    if (w && w->executor() != executor) w.reset();
    if (!w) {
        error_code ec;
        auto made = std::make_unique<watch>(executor, h, false, ec);
        if (ec) return ec;
        w = std::move(made);
    }
    w->start(watch::direction::read, callback);
    return {};
}

error_code poller::async_wait(
    const boost::asio::any_io_executor& executor, watch_callback callback) {
#if defined(STRAIT_HAS_EPOLL)
    if (streams_.empty()) return {};
    const handle& h = set_.is_open() ? set_ : *streams_.begin()->second;
    return watch_handle(executor, h, watch_, callback);
#else
    for (const auto& [id, stream] : streams_)
        if (error_code ec = watch_handle(executor, *stream, watches_[id], callback)) return ec;
    return {};
#endif
}

void poller::fired() noexcept {
    // Without epoll the other streams' watches still stand: stopped and started anew with the next
    // wait, which costs little beside not having epoll.
    if (watch_) watch_->fired();
    for (const auto& [id, w] : watches_)
        if (w) w->stop();
}

void poller::cancel() noexcept {
    if (watch_) watch_->stop();
    for (const auto& [id, w] : watches_)
        if (w) w->stop();
}

void poller::detach() noexcept {
    watch_.reset();
    watches_.clear();
}

void poller::abandon() noexcept {
    static_cast<void>(watch_.release());
    for (auto& [id, w] : watches_) static_cast<void>(w.release());
}

}  // namespace strait::detail::os
