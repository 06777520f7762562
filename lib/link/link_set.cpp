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
#include <exception>
#include <new>
#include <utility>

namespace strait::detail {

namespace {

using clock = std::chrono::steady_clock;

// Messages that a member gives in its turn, and events of one call: enough to make a call worth its
// cost, and few enough that nobody waits long.
constexpr std::size_t batch_of_member = 16;
constexpr std::size_t most_events = 256;

// Stands in the poller for those who tell by notify.
constexpr std::uint32_t number_of_wake = 0;

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

bool link_set::is_open() const noexcept {
    if (is_forked()) return open_;
    const std::lock_guard lock(mutex_);
    return open_;
}

std::size_t link_set::size() const noexcept {
    if (is_forked()) return members_.size();
    const std::lock_guard lock(mutex_);
    return members_.size();
}

void link_set::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    poller_.detach();
    executor_ = executor;
    is_registered_ = false;
    for (const auto& [n, m] : members_) m.core->bind(executor);
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
        abort_all(finished);
    }
    finish(finished, completion::post);
}

void link_set::close() noexcept {
    if (is_forked()) {
        // The mutex may be held by a thread that does not exist here.
        if (!std::exchange(open_, false)) return;
        poller_.abandon();
        for (const auto& [n, m] : members_) m.core->close();
        members_.clear();
        return;
    }
    finished_list finished;
    std::unordered_map<number, member> members;
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(open_, false)) return;
        abort_all(finished);
        for (const auto& [n, m] : members_) static_cast<void>(m.core->join_set({}, 0));
        poller_.detach();
        members.swap(members_);
        numbers_.clear();
        listed_.clear();
    }
    finish(finished, completion::post);
    for (const auto& [n, m] : members) m.core->close();
}

std::uint64_t link_set::add(const std::shared_ptr<receiver_core>& core, error_code& ec) {
    if (is_forked()) {
        ec = error::owner_changed;
        return 0;
    }
    core->cancel();
    finished_list finished;
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (ec) return 0;
        do ++last_number_;
        while (last_number_ == number_of_wake || members_.contains(last_number_));
        ec = core->join_set(shared_from_this(), last_number_);
        if (ec) return 0;
        core->bind(executor_);
        id = ++last_id_;
        members_.emplace(last_number_, member{id, core, false});
        numbers_.emplace(id, last_number_);
        // What it has read ahead no poller tells of.
        list(last_number_);
        // Who waits must wait for the new member as well.
        disarm();
        grant(finished);
    }
    finish(finished, completion::post);
    return id;
}

std::shared_ptr<receiver_core> link_set::remove(std::uint64_t id, error_code& ec) {
    ec = error::owner_changed;
    if (is_forked()) return nullptr;
    finished_list finished;
    std::shared_ptr<receiver_core> core;
    {
        const std::lock_guard lock(mutex_);
        ec = error::no_such_end;
        const auto at = numbers_.find(id);
        if (at == numbers_.end()) return nullptr;
        core = members_.at(at->second).core;
        static_cast<void>(core->join_set({}, 0));
        drop(at->second);
        // It may have been all that kept the context busy for those who wait.
        grant(finished);
    }
    finish(finished, completion::post);
    ec.clear();
    return core;
}

std::shared_ptr<receiver_core> link_set::find(std::uint64_t id) const noexcept {
    if (is_forked()) return nullptr;
    const std::lock_guard lock(mutex_);
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

error_code link_set::accept_notices() {
    const std::lock_guard lock(notices_mutex_);
    if (wake_.is_open()) return {};
    if (error_code ec = wake_.open()) return ec;
    return poller_.add(wake_.readable(), number_of_wake);
}

void link_set::notify(std::uint32_t n) noexcept {
    const std::lock_guard lock(notices_mutex_);
    const bool is_first = noticed_.empty() && !all_noticed_;
    try {
        noticed_.push_back(n);
    } catch (const std::bad_alloc&) {
        all_noticed_ = true;
    }
    if (is_first) wake_.signal();
}

void link_set::list_noticed() {
    const std::lock_guard lock(notices_mutex_);
    if (noticed_.empty() && !all_noticed_) return;
    for (const number n : noticed_) list(n);
    if (std::exchange(all_noticed_, false))
        for (const auto& [n, m] : members_) list(n);
    noticed_.clear();
    wake_.clear();
}

// Takes what is at hand, without calling anything of the user's. It looks each time: a list that
// never becomes empty would hide those who are not in it.
error_code link_set::collect(std::vector<raw_event>& out, core_list& faulty) {
    const error_code ec = poller_.wait(0, ready_);
    if (!ec)
        for (const number n : ready_) list(n);
    list_noticed();
    for (std::size_t turns = listed_.size(); turns != 0 && out.size() < most_events; --turns) {
        const number n = listed_.front();
        listed_.pop_front();
        members_.at(n).is_listed = false;
        if (collect_from(n, out, faulty)) list(n);
    }
    return out.empty() && ec != boost::system::errc::interrupted ? ec : error_code();
}

// Whether the member may have more.
bool link_set::collect_from(number n, std::vector<raw_event>& out, core_list& faulty) {
    const member& m = members_.at(n);
    bool has_more = true;
    for (std::size_t i = 0; i != batch_of_member && has_more; ++i) {
        raw_event event;
        event.id = m.id;
        event.code = m.core->try_take(event.message, i == 0);
        has_more = !is_fatal(event.code) && event.code != asio::error::would_block;
        if (event.code == asio::error::would_block) break;
        event.from = m.core;
        if (!event.code && event.message.fault) {
            event.code = event.message.fault;
            if (!m.core->note_fault(event.code)) continue;  // counted and skipped
        }
        out.push_back(std::move(event));
    }
    if (m.core->has_untold_faults()) faulty.push_back(m.core);
    return has_more;
}

// The events are given: those who have ended leave.
void link_set::settle(const std::vector<raw_event>& given) {
    for (const raw_event& event : given) {
        if (!is_fatal(event.code)) continue;
        const auto at = numbers_.find(event.id);
        if (at == numbers_.end()) continue;
        static_cast<void>(event.from->join_set({}, 0));
        drop(at->second);
        event.from->close();
    }
}

// The events are not given after all.
void link_set::put_back(std::vector<raw_event>& events) {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
        if (!is_fatal(event->code)) event->from->put_back(std::move(event->message));
        if (const auto at = numbers_.find(event->id); at != numbers_.end()) list(at->second);
    }
    events.clear();
}

void link_set::start(select_operation& op) {
    finished_list finished;
    if (is_forked()) {
        op.where = select_operation::state::over;
        op.result = error::owner_changed;
        return op.finish(completion::post);
    }
    {
        const std::lock_guard lock(mutex_);
        op.result = usable();
        if (!op.result && !executor_) op.result = error::not_bound;
        if (op.result) {
            op.where = select_operation::state::over;
            finished.push_back(&op);
        } else {
            if (!is_registered_)
                context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
            is_registered_ = true;
            op.where = select_operation::state::waiting;
            waiting_.push_back(op);
            grant(finished);
        }
    }
    finish(finished, completion::post);
}

// The first in the queue looks whether there is something, and waits again if there is not; when it
// has taken, it is the next one's turn.
void link_set::grant(finished_list& finished, bool is_ready) {
    if (waiting_.empty() || !granted_.empty() || is_blocked_) return;
    if (is_ready || !listed_.empty()) {
        select_operation* op = waiting_.pop_front();
        op->where = select_operation::state::granted;
        granted_.push_back(*op);
        finished.push_back(op);
        disarm();
    } else if (error_code ec = arm()) {
        take_all(waiting_, ec, finished);
    }
}

error_code link_set::arm() {
    // Also when it is armed: a member may wait for something else since.
    if (error_code ec = poller_.async_wait(executor_, {&link_set::on_ready, shared_from_this()}))
        return ec;
    is_armed_ = true;
    // There may be nothing in the reactor that stands for those who wait.
    idle_work_.reset();
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
        self.idle_work_.reset();
        self.grant(finished, true);
    }
    // Alone it may be completed from here; several would have to survive each other's handlers.
    finish(finished, finished.size() == 1 ? completion::dispatch : completion::post);
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
    finished_list finished;
    core_list faulty;
    bool taken = true;
    {
        const std::lock_guard lock(mutex_);
        if (op.where != select_operation::state::granted) return true;  // cancelled or closed
        if (!is_blocked_) op.result = collect(out, faulty);
        settle(out);
        granted_.erase(op);
        op.where = select_operation::state::over;
        if (out.empty() && !op.result) {
            // A blocking call was faster.
            taken = false;
            op.where = select_operation::state::waiting;
            waiting_.push_front(op);
        }
        grant(finished);
    }
    finish(finished, completion::post);
    for (const auto& core : faulty) core->tell_faults_later();
    return taken;
}

void link_set::forget(select_operation& op) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (op.where == select_operation::state::granted) granted_.erase(op);
        if (op.where == select_operation::state::waiting) waiting_.erase(op);
        op.where = select_operation::state::over;
        grant(finished);
    }
    finish(finished, completion::post);
}

error_code link_set::try_select(std::vector<raw_event>& out) {
    if (is_forked()) return error::owner_changed;
    core_list faulty;
    error_code looked;
    {
        const std::lock_guard lock(mutex_);
        if (error_code ec = usable()) return ec;
        if (members_.empty()) return error::empty_set;
        looked = collect(out, faulty);
    }
    return conclude(out, faulty, looked);
}

// Tells the fault handlers, who may throw, and close or destroy the set.
error_code link_set::conclude(
    std::vector<raw_event>& out, const core_list& faulty, const error_code& looked) {
    const auto self = shared_from_this();
    finished_list finished;
    error_code ec = looked;
    std::exception_ptr thrown;
    try {
        for (const auto& core : faulty) core->tell_faults();
    } catch (...) {
        thrown = std::current_exception();
    }
    {
        const std::lock_guard lock(mutex_);
        if (thrown) put_back(out);
        settle(out);
        if (!ec && out.empty()) ec = usable();
        if (!ec && out.empty()) ec = asio::error::would_block;
        grant(finished);
    }
    finish(finished, completion::post);
    if (thrown) std::rethrow_exception(thrown);
    return ec;
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
        const error_code waited = block(timeout_ns);
        if (waited && waited != boost::system::errc::interrupted) return waited;
    }
}

error_code link_set::block(std::int64_t timeout_ns) {
    std::vector<number> woken;
    {
        const std::lock_guard lock(mutex_);
        // What was read ahead of others, or brought back, no poller tells of.
        if (!listed_.empty()) return {};
        is_blocked_ = true;
    }
    const error_code ec = poller_.wait(timeout_ns, woken);
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        is_blocked_ = false;
        grant(finished);
    }
    finish(finished, completion::post);
    return ec;
}

void link_set::on_shutdown(asio::execution_context& context) noexcept {
    finished_list destroyed;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        take_all(waiting_, {}, destroyed);
        // One whose handler belongs to another context could not wait again.
        abort_granted();
        poller_.detach();
        is_armed_ = false;
        idle_work_.reset();
    }
    finish(destroyed, completion::destroy);
}

void link_set::abort_all(finished_list& finished) noexcept {
    take_all(waiting_, asio::error::operation_aborted, finished);
    abort_granted();
    disarm();
}

// They are on their way to their handlers already.
void link_set::abort_granted() noexcept {
    while (select_operation* op = granted_.pop_front()) {
        op->result = asio::error::operation_aborted;
        op->where = select_operation::state::over;
    }
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
