//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/link_set.hpp"

#include "posix/fork_guard.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace strait::detail {

namespace {

using clock = std::chrono::steady_clock;

// Messages that a member gives in its turn, and events of one call: enough to make a call worth its
// cost, and few enough that nobody waits long.
constexpr std::size_t batch_of_member = 16;
constexpr std::size_t most_events = 256;

}  // namespace

std::shared_ptr<set_core> make_set_core(const asio::any_io_executor& executor) {
    return std::make_shared<link_set>(executor);
}

link_set::link_set(const asio::any_io_executor& executor)
    : generation_(os::process_generation()), executor_(executor) {}

link_set::~link_set() {
    close();
}

bool link_set::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

error_code link_set::usable() const noexcept {
    if (is_forked()) return error::owner_changed;
    if (!open_) return error::not_open;
    return {};
}

void link_set::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    poller_.detach();
    executor_ = executor;
    is_registered_ = false;
}

asio::any_io_executor link_set::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

void link_set::cancel() noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        take_all(waiting_, asio::error::operation_aborted, finished);
        while (select_operation* op = granted_.pop_front()) {
            op->result = asio::error::operation_aborted;
            op->where = select_operation::state::over;
        }
        disarm();
    }
    finish(finished, completion::post);
}

void link_set::close() noexcept {
    if (!std::exchange(open_, false)) return;
    if (is_forked()) {
        poller_.abandon();
    } else {
        cancel();
        for (const auto& [n, m] : members_) static_cast<void>(m.core->join_set(nullptr, 0));
        poller_.detach();
    }
    for (const auto& [n, m] : members_) m.core->close();
    members_.clear();
    numbers_.clear();
    listed_.clear();
}

std::uint64_t link_set::add(const std::shared_ptr<receiver_core>& core, error_code& ec) {
    ec = usable();
    if (ec) return 0;
    do ++last_number_;
    while (members_.contains(last_number_));
    ec = core->join_set(&poller_, last_number_);
    if (ec) return 0;
    const std::uint64_t id = ++last_id_;
    members_.emplace(last_number_, member{id, core, false});
    numbers_.emplace(id, last_number_);
    // What it has read ahead no poller tells of.
    list(last_number_);
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        // Who waits must wait for the new member as well.
        disarm();
        grant(finished);
    }
    finish(finished, completion::post);
    return id;
}

std::shared_ptr<receiver_core> link_set::remove(std::uint64_t id) noexcept {
    const auto at = numbers_.find(id);
    if (at == numbers_.end() || is_forked()) return nullptr;
    const number n = at->second;
    auto core = members_.at(n).core;
    static_cast<void>(core->join_set(nullptr, 0));
    drop(n);
    return core;
}

std::shared_ptr<receiver_core> link_set::find(std::uint64_t id) const noexcept {
    const auto at = numbers_.find(id);
    return at == numbers_.end() ? nullptr : members_.at(at->second).core;
}

void link_set::drop(number n) noexcept {
    const auto at = members_.find(n);
    if (at->second.is_listed) std::erase(listed_, n);
    numbers_.erase(at->second.id);
    members_.erase(at);
}

void link_set::list(number n) {
    const auto at = members_.find(n);
    if (at == members_.end() || std::exchange(at->second.is_listed, true)) return;
    listed_.push_back(n);
}

error_code link_set::look(std::int64_t timeout_ns) {
    const error_code ec = poller_.wait(timeout_ns, ready_);
    if (!ec)
        for (const number n : ready_) list(n);
    return ec;
}

void link_set::collect(std::vector<raw_event>& out) {
    for (std::size_t turns = listed_.size(); turns != 0 && out.size() < most_events; --turns) {
        const number n = listed_.front();
        listed_.pop_front();
        members_.at(n).is_listed = false;
        if (collect_from(n, out)) list(n);
    }
}

// Whether the member may have more.
bool link_set::collect_from(number n, std::vector<raw_event>& out) {
    const member m = members_.at(n);
    for (std::size_t i = 0; i != batch_of_member; ++i) {
        raw_event event;
        event.id = m.id;
        event.code = m.core->try_recv(event.message, i == 0);
        if (event.code == asio::error::would_block) return false;
        event.from = m.core;
        if (!event.code) event.code = event.message.fault;
        const bool is_over = is_fatal(event.code);
        out.push_back(std::move(event));
        if (is_over) {
            static_cast<void>(m.core->join_set(nullptr, 0));
            m.core->close();
            drop(n);
            return false;
        }
    }
    return true;
}

void link_set::start(select_operation& op) {
    if (error_code ec = usable()) {
        op.where = select_operation::state::over;
        op.result = ec;
        return op.finish(completion::post);
    }
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_) {
            op.where = select_operation::state::over;
            op.result = error::not_bound;
            finished.push_back(&op);
        } else {
            op.where = select_operation::state::waiting;
            waiting_.push_back(op);
            grant(finished);
        }
    }
    finish(finished, completion::post);
}

// The first in the queue looks whether there is something, and waits again if there is not; when it
// has taken, it is the next one's turn.
void link_set::grant(finished_list& finished) {
    if (waiting_.empty() || !granted_.empty()) return;
    if (!listed_.empty()) {
        select_operation* op = waiting_.pop_front();
        op->where = select_operation::state::granted;
        granted_.push_back(*op);
        finished.push_back(op);
    } else if (error_code ec = arm()) {
        take_all(waiting_, ec, finished);
    }
}

error_code link_set::arm() {
    if (is_armed_) return {};
    if (!is_registered_) {
        context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        is_registered_ = true;
    }
    if (error_code ec = poller_.async_wait(executor_, {&link_set::on_ready, shared_from_this()}))
        return ec;
    is_armed_ = true;
    // There may be nothing in the reactor that stands for those who wait.
    if (members_.empty()) idle_work_.emplace(executor_);
    return {};
}

void link_set::disarm() noexcept {
    if (std::exchange(is_armed_, false)) poller_.cancel();
    idle_work_.reset();
}

void link_set::on_ready(const std::shared_ptr<void>& object) {
    auto& self = *static_cast<link_set*>(object.get());
    finished_list finished;
    {
        const std::lock_guard lock(self.mutex_);
        if (!std::exchange(self.is_armed_, false)) return;  // stopped in the meantime
        self.poller_.fired();
        // An interrupted look is taken again, since what it asks for is still there.
        static_cast<void>(self.look(0));
        self.grant(finished);
    }
    finish(finished, completion::dispatch);
}

void link_set::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (select_operation* op = waiting_.find(id)) {
            waiting_.erase(*op);
            op->result = why;
            op->where = select_operation::state::over;
            finished.push_back(op);
            if (waiting_.empty()) disarm();
        } else if (select_operation* granted = granted_.find(id)) {
            // It is on its way to its handler already; the events stay.
            granted_.erase(*granted);
            granted->result = why;
            granted->where = select_operation::state::over;
            grant(finished);
        }
    }
    finish(finished, completion::post);
}

bool link_set::take(select_operation& op, std::vector<raw_event>& out) {
    {
        const std::lock_guard lock(mutex_);
        if (op.where != select_operation::state::granted) return true;  // cancelled or closed
        granted_.erase(op);
        op.where = select_operation::state::over;
    }
    collect(out);
    if (out.empty() && !look(0)) collect(out);
    finished_list finished;
    bool taken = true;
    {
        const std::lock_guard lock(mutex_);
        if (out.empty()) {
            // A blocking call was faster.
            taken = false;
            op.where = select_operation::state::waiting;
            waiting_.push_front(op);
        }
        grant(finished);
    }
    finish(finished, completion::post);
    return taken;
}

void link_set::forget(select_operation& op) noexcept {
    if (is_forked()) return;
    const std::lock_guard lock(mutex_);
    if (op.where == select_operation::state::granted) granted_.erase(op);
    if (op.where == select_operation::state::waiting) waiting_.erase(op);
    op.where = select_operation::state::over;
}

error_code link_set::try_select(std::vector<raw_event>& out) {
    if (error_code ec = usable()) return ec;
    collect(out);
    if (out.empty()) {
        if (members_.empty()) return error::empty_set;
        if (error_code ec = look(0); ec && ec != boost::system::errc::interrupted) return ec;
        collect(out);
    }
    if (out.empty()) return asio::error::would_block;
    return {};
}

error_code link_set::select(std::vector<raw_event>& out, const deadline& until) {
    for (;;) {
        const error_code ec = try_select(out);
        if (ec != asio::error::would_block) return ec;
        std::int64_t timeout_ns = -1;
        if (until) {
            timeout_ns =
                std::chrono::duration_cast<std::chrono::nanoseconds>(*until - clock::now()).count();
            if (timeout_ns <= 0) return asio::error::timed_out;
        }
        // A signal that interrupts this is no event.
        const error_code waited = look(timeout_ns);
        if (waited && waited != boost::system::errc::interrupted) return waited;
    }
}

void link_set::on_shutdown(asio::execution_context& context) noexcept {
    finished_list destroyed;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        take_all(waiting_, {}, destroyed);
        poller_.detach();
        is_armed_ = false;
        idle_work_.reset();
    }
    finish(destroyed, completion::destroy);
}

void link_set::take_all(queue& from, const error_code& why, finished_list& to) noexcept {
    while (select_operation* op = from.pop_front()) {
        op->result = why;
        op->where = select_operation::state::over;
        to.push_back(op);
    }
}

void link_set::finish(finished_list& finished, completion how) {
    for (select_operation* op : finished) op->finish(how);
}

}  // namespace strait::detail
