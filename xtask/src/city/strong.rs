//! Strong parts of a directed graph: what lies outside of the largest leads nowhere, or nothing leads to it.

/// Marks the members of the largest part in which everything reaches everything, given what follows each member.
pub fn largest_part(next: &[Vec<usize>]) -> Vec<bool> {
    let mut before = vec![Vec::new(); next.len()];
    for (from, followers) in next.iter().enumerate() {
        for to in followers {
            before[*to].push(from);
        }
    }
    let mut seen = vec![false; next.len()];
    let mut largest: Vec<usize> = Vec::new();
    for start in 0..next.len() {
        if seen[start] {
            continue;
        }
        let (ahead, behind) = (reach(start, next), reach(start, &before));
        let part: Vec<usize> = (0..next.len()).filter(|member| ahead[*member] && behind[*member]).collect();
        for member in &part {
            seen[*member] = true;
        }
        if part.len() > largest.len() {
            largest = part;
        }
    }
    let mut marks = vec![false; next.len()];
    for member in largest {
        marks[member] = true;
    }
    marks
}

fn reach(start: usize, next: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; next.len()];
    let mut open = vec![start];
    while let Some(member) = open.pop() {
        if !std::mem::replace(&mut seen[member], true) {
            open.extend(&next[member]);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_is_left_out() {
        // 0 -> 1 -> 2 -> 0 is a ring, 3 leads into it, 4 is led to, 5 and 6 are a smaller ring apart.
        let next = [vec![1], vec![2, 4], vec![0], vec![0], vec![], vec![6], vec![5]];
        assert_eq!(largest_part(&next), [true, true, true, false, false, false, false]);
        assert!(largest_part(&[]).is_empty());
    }
}
