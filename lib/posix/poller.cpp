//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/poller.hpp"

#include "posix/last_error.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <climits>
#include <new>
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
    if (!set_.is_open() && !streams_.empty())
        if (error_code ec = open_set()) return ec;
    if (set_.is_open())
        if (error_code ec = add_to_set(set_, stream, id)) return ec;
#endif
    streams_.emplace(id, &stream);
    return rejoin();
}

error_code poller::open_set() {
#if defined(STRAIT_HAS_EPOLL)
    handle set(::epoll_create1(EPOLL_CLOEXEC));
    if (!set.is_open()) return last_error();
    for (const auto& [id, stream] : streams_)
        if (error_code ec = add_to_set(set, *stream, id)) return ec;
    watch_.reset();  // it was on the only stream
    set_ = std::move(set);
#endif
    return {};
}

error_code poller::add(poller& inner, stream_id id) {
#if defined(STRAIT_HAS_EPOLL)
    if (!set_.is_open())
        if (error_code ec = open_set()) return ec;
#endif
    inner.outer_ = this;
    inner.id_in_outer_ = id;
    inner_.emplace(id, &inner);
    const error_code ec = join(inner);
    if (ec) remove(inner);
    return ec;
}

void poller::remove(poller& inner) noexcept {
    leave(inner);
    inner.detach();
    inner_.erase(inner.id_in_outer_);
    inner.outer_ = nullptr;
}

// What the inner one tells by, if it has anything.
error_code poller::join(poller& inner) {
#if defined(STRAIT_HAS_EPOLL)
    const handle* now = inner.set_.is_open()     ? &inner.set_
                        : inner.streams_.empty() ? nullptr
                                                 : inner.streams_.begin()->second;
    if (now == nullptr) return {};
    if (error_code ec = add_to_set(set_, *now, inner.id_in_outer_)) return ec;
    inner.told_by_ = now;
#else
    static_cast<void>(inner);
#endif
    return {};
}

void poller::leave(poller& inner) noexcept {
#if defined(STRAIT_HAS_EPOLL)
    if (inner.told_by_ != nullptr)
        ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, inner.told_by_->native_handle(), nullptr);
#endif
    inner.told_by_ = nullptr;
}

// The streams have changed: the outer one is told by something else now.
error_code poller::rejoin() {
    if (outer_ == nullptr) return {};
    if (told_by_ != nullptr && told_by_ == &set_) return {};
    outer_->leave(*this);
    return outer_->join(*this);
}

void poller::remove(stream_id id) noexcept {
    const auto at = streams_.find(id);
    if (at == streams_.end()) return;
    if (outer_ != nullptr && told_by_ == at->second) outer_->leave(*this);
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
    try {
        return wait_for_streams(timeout_ns, ready);
    } catch (const std::bad_alloc&) {
        return boost::asio::error::no_buffer_space;
    }
}

error_code poller::wait_for_streams(std::int64_t timeout_ns, std::vector<stream_id>& ready) {
#if defined(STRAIT_HAS_EPOLL)
    if (set_.is_open()) {
        // Room for all of them: what is missing from a full answer could not be called idle.
        constexpr std::size_t few = 64;
        epoll_event small[few];
        const std::size_t most = streams_.size() + inner_.size();
        std::vector<epoll_event> large(most > few ? most : 0);
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
    std::vector<std::pair<const handle*, stream_id>> all;
    list_streams(all);
    std::vector<pollfd> fds;
    fds.reserve(all.size());
    for (const auto& [stream, id] : all) fds.push_back({stream->native_handle(), POLLIN, 0});
    const int n =
        ::poll(fds.data(), static_cast<nfds_t>(fds.size()), to_milliseconds(timeout_ns));
    if (n < 0) return last_error();
    for (std::size_t i = 0; i != all.size(); ++i)
        if (fds[i].revents != 0 && (ready.empty() || ready.back() != all[i].second))
            ready.push_back(all[i].second);
    return {};
}

void poller::list_streams(std::vector<std::pair<const handle*, stream_id>>& all) const {
    for (const auto& [id, stream] : streams_) all.emplace_back(stream, id);
    for (const auto& [id, inner] : inner_) {
        const std::size_t begin = all.size();
        inner->list_streams(all);
        for (std::size_t i = begin; i != all.size(); ++i) all[i].second = id;
    }
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

// The usual channel has two links only until the sender that was given away has let go of its first.
void poller::drop_set_of_one() noexcept {
    if (!set_.is_open() || streams_.size() != 1 || !inner_.empty() || outer_ != nullptr) return;
    watch_.reset();  // it was on the set
    set_.close();
}

error_code poller::async_wait(
    const boost::asio::any_io_executor& executor, const watch_callback& callback) {
#if defined(STRAIT_HAS_EPOLL)
    drop_set_of_one();
    if (streams_.empty() && !set_.is_open()) return {};
    const handle& h = set_.is_open() ? set_ : *streams_.begin()->second;
    return watch_handle(executor, h, watch_, callback);
#else
    for (const auto& [id, stream] : streams_)
        if (error_code ec = watch_handle(executor, *stream, watches_[id], callback)) return ec;
    for (const auto& [id, inner] : inner_)
        if (error_code ec = inner->async_wait(executor, callback)) return ec;
    return {};
#endif
}

void poller::fired() noexcept {
    // Without epoll the other streams' watches still stand: stopped and started anew with the next
    // wait, which costs little beside not having epoll.
    if (watch_) watch_->fired();
    for (const auto& [id, w] : watches_)
        if (w) w->stop();
    for (const auto& [id, inner] : inner_) inner->fired();
}

void poller::cancel() noexcept {
    if (watch_) watch_->stop();
    for (const auto& [id, w] : watches_)
        if (w) w->stop();
    for (const auto& [id, inner] : inner_) inner->cancel();
}

void poller::detach() noexcept {
    watch_.reset();
    watches_.clear();
    for (const auto& [id, inner] : inner_) inner->detach();
}

void poller::abandon() noexcept {
    static_cast<void>(watch_.release());
    for (auto& [id, w] : watches_) static_cast<void>(w.release());
}

}  // namespace strait::detail::os
